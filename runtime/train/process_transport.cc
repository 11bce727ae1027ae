// Gloo, unless another transport is made.
#include "runtime/train/process_transport.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/transport/gloo/gloo_transport.h"

namespace baton {
namespace {

// Numbers the sets of connections that rank 0's process makes, so that none finds the keys of an earlier one.
std::atomic<int64_t> num_made{0};

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessTransport>> ProcessTransport::Create(Control& control,
                                                                           const std::vector<int>& rank_of_device,
                                                                           Transport* local, bool moves_data,
                                                                           const MakeRemote& make_remote) {
  BATON_ASSIGN_OR_RETURN(const std::string number, control.Broadcast(absl::StrCat(num_made++)));
  const std::string key_prefix = absl::StrCat("data ", number, "/");
  auto made = std::make_unique<ProcessTransport>();
  if (make_remote) {
    BATON_ASSIGN_OR_RETURN(made->remote_, make_remote(&control, key_prefix));
  }
  if (made->remote_ == nullptr) {
    GlooTransportOptions options;
    options.rank = control.rank();
    options.rank_of_device = rank_of_device;
    options.store = &control;
    options.key_prefix = key_prefix;
    options.address = control.address();
    options.moves_data = moves_data;
    options.name_of_rank = [&control](int rank) {
      return absl::StrCat("rank ", rank, " (", control.members()[rank].host(), ")");
    };
    BATON_ASSIGN_OR_RETURN(made->remote_, GlooTransport::Create(std::move(options)));
  }
  BATON_ASSIGN_OR_RETURN(made->router_, Router::Create({control.rank(), rank_of_device, local, made->remote_.get()}));
  return made;
}

}  // namespace baton
