// Joining, the verdict on an error, and the last resort.
#include "runtime/process/run_member.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/process/agreed.h"
#include "runtime/process/child_end.h"
#include "runtime/process/environment.h"
#include "runtime/process/lone_control.h"

namespace baton {
namespace {

// Within this time after a failure a process saves nothing and ends.
constexpr absl::Duration kGrace = absl::Seconds(5);
constexpr absl::Duration kLook = absl::Milliseconds(100);
// No collective operation of a body uses it.
constexpr int kVerdictChannel = 1000;

// Ends the process if it goes on for long after a failure, since nothing can interrupt a computation on the host.
class LastResort {
 public:
  explicit LastResort(const Control& control) : control_(control), thread_([this] { Run(); }) {}
  ~LastResort() {
    {
      MutexLock lock(&mutex_);
      done_ = true;
      changed_.Signal();
    }
    thread_.join();
  }

 private:
  void Run() {
    absl::Time failed_at = absl::InfiniteFuture();
    MutexLock lock(&mutex_);
    while (!done_) {
      changed_.WaitWithTimeout(&mutex_, kLook);
      if (control_.status().ok()) continue;
      if (failed_at == absl::InfiniteFuture()) failed_at = absl::Now();
      if (absl::Now() - failed_at < kGrace || done_) continue;
      if (control_.rank() == 0 || !control_.LeaderReports()) {
        std::cerr << "baton: " << PrintableLines(control_.status().message()) << std::endl;
      }
      _exit(kExitPeerFailed);
    }
  }

  const Control& control_;
  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

MemberEnd RunMember(const World& world, const proto::Hello& hello, const std::function<void(const std::string&)>& log,
                    const std::function<absl::Status(Control&)>& body) {
  if (world.size == 1) {
    LoneControl alone;
    return {body(alone), false};
  }
  log(DescribeWorld(world));
  // A launcher that is killed leaves no orphans: they save and end. `baton launch` has chosen its own signal.
  int signal_of_parent = 0;
  if (prctl(PR_GET_PDEATHSIG, &signal_of_parent) == 0 && signal_of_parent == 0) prctl(PR_SET_PDEATHSIG, SIGTERM);
  const absl::StatusOr<ControlOptions> options = ControlOptionsOf(Environment::OfProcess());
  if (!options.ok()) return {options.status(), false};
  absl::StatusOr<std::unique_ptr<Control>> joined = Control::Create(world, hello, *options);
  if (!joined.ok()) return {joined.status(), IsToldByLeader(joined.status())};
  Control& control = **joined;
  const LastResort last_resort(control);
  absl::Status status = body(control);
  if (status.ok() || IsAgreed(status)) {
    const absl::Status left = control.Leave();
    if (status.ok()) status = left;
    return {status, world.rank > 0 && (left.ok() || control.LeaderReports())};
  }
  control.Abort(status);
  const absl::Status first = control.Barrier(kVerdictChannel);
  if (control.failed_rank() != world.rank) status = first;
  return {status, world.rank > 0 && control.LeaderReports()};
}

}  // namespace baton
