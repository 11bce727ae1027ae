// Finds the leader's address and joins the run.
#include "runtime/process/control.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/failpoint.h"
#include "base/status.h"
#include "runtime/process/address.h"
#include "runtime/process/grpc_control.h"

namespace baton {
namespace {

// How long a leader waits for a port that an earlier generation may still have.
constexpr absl::Duration kPortPatience = absl::Seconds(3);

}  // namespace

absl::StatusOr<std::unique_ptr<Control>> Control::Create(const World& world, const proto::Hello& hello,
                                                         const ControlOptions& options) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // errors are reported as Status
  if (world.size < 2) return absl::InvalidArgumentError("a run of one process has no control plane");
  BATON_RETURN_IF_ERROR(Failpoint("control.resolve"));
  const absl::Time deadline = absl::Now() + options.join_timeout;
  HostPort leader = world.leader;
  // All processes are here, so nobody else need reach rank 0.
  if (world.local_size == world.size) leader.host = "127.0.0.1";
  BATON_ASSIGN_OR_RETURN(const NumericAddress numeric, Resolve(leader, deadline));
  if (!numeric.loopback && options.token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "BATON_TOKEN is not set; it must hold the same secret in all processes, since other hosts can reach rank 0 at ",
        FormatHostPort(numeric.address)));
  }
  if (world.rank == 0) {
    BATON_RETURN_IF_ERROR(CheckCanListen(numeric.address, std::min(deadline, absl::Now() + kPortPatience)));
  }
  BATON_RETURN_IF_ERROR(Failpoint("control.join"));
  BATON_ASSIGN_OR_RETURN(std::string own, AddressTowards(numeric.address));
  auto control = absl::make_unique<GrpcControl>(hello, FormatHostPort(numeric.address), std::move(own), options);
  BATON_RETURN_IF_ERROR(control->Join(world.size));
  BATON_RETURN_IF_ERROR(Failpoint("control.welcome"));
  return control;
}

}  // namespace baton
