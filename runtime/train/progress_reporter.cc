// A look at the workers several times a second.
#include "runtime/train/progress_reporter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace baton {
namespace {

constexpr absl::Duration kPeriod = absl::Milliseconds(250);

}  // namespace

bool HangDetector::Hangs(const std::vector<proto::Heartbeat>& heartbeats, absl::Time now) {
  bool moves = moved_ == absl::InfinitePast();
  for (size_t rank = 0; rank < heartbeats.size(); ++rank) {
    // A process between two steps has no positions: it reads, saves or evaluates, and takes what time that takes.
    moves = moves || heartbeats[rank].positions().empty() || heartbeats[rank].instructions() != instructions_[rank];
    instructions_[rank] = heartbeats[rank].instructions();
  }
  if (moves) moved_ = now;
  return now - moved_ >= timeout_;
}

std::string DescribeHang(const std::vector<proto::Heartbeat>& heartbeats, const std::vector<proto::Hello>& members,
                         absl::Duration timeout) {
  std::string text = absl::StrCat("no device has completed an instruction for ", absl::FormatDuration(timeout));
  for (size_t rank = 0; rank < heartbeats.size(); ++rank) {
    absl::StrAppend(&text, "; rank ", rank, " (", members[rank].host(),
                    "): ", absl::StrJoin(heartbeats[rank].positions(), "; "));
  }
  return text;
}

ProgressReporter::ProgressReporter(const Executor* executor, Control* control, absl::Duration timeout)
    : executor_(executor), control_(control), timeout_(timeout), detector_(control->size(), timeout) {
  thread_ = std::thread([this] { Run(); });
}

ProgressReporter::~ProgressReporter() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    ends_.Signal();
  }
  thread_.join();
}

void ProgressReporter::Run() {
  const absl::Duration period = std::min(kPeriod, timeout_ / 4);
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (!stop_) ends_.WaitWithTimeout(&mutex_, period);
      if (stop_) return;
    }
    Report();
    if (control_->rank() == 0) Watch();
  }
}

void ProgressReporter::Report() {
  const ExecutorProgress progress = executor_->Progress();
  const bool same_step = progress.num_steps == last_.num_steps;
  const bool moves = !same_step || progress.num_instructions != last_.num_instructions;
  if (moves) {
    // The instructions that ended the last step are not known; one stands for them.
    completed_ += same_step ? progress.num_instructions - last_.num_instructions : progress.num_instructions + 1;
  }
  last_ = progress;
  control_->ReportProgress(completed_, moves ? std::vector<std::string>() : executor_->DescribePositions());
}

void ProgressReporter::Watch() {
  std::vector<proto::Heartbeat> heartbeats;
  for (int rank = 0; rank < control_->size(); ++rank) heartbeats.push_back(control_->HeartbeatOf(rank));
  if (!detector_.Hangs(heartbeats, absl::Now())) return;
  control_->Abort(absl::DeadlineExceededError(DescribeHang(heartbeats, control_->members(), timeout_)));
}

}  // namespace baton
