// Tells rank 0 how far this process's workers are, and in rank 0 finds out whether the run hangs. A process alone
// cannot know: one that waits for a slow device elsewhere makes no progress and is healthy. Used by training sessions
// of several processes.
//
//   ProgressReporter reporter(&executor, &control, absl::Seconds(60));   // until it is destroyed
#ifndef BATON_RUNTIME_TRAIN_PROGRESS_REPORTER_H_
#define BATON_RUNTIME_TRAIN_PROGRESS_REPORTER_H_

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "proto/control.pb.h"
#include "runtime/execute/executor.h"
#include "runtime/process/control.h"

namespace baton {

// Decides from heartbeats whether a run hangs. Thread contract: one thread at a time.
class HangDetector {
 public:
  // `timeout`: how long no instruction may complete anywhere while all processes are within a step.
  HangDetector(int num_processes, absl::Duration timeout) : timeout_(timeout), instructions_(num_processes, -1) {}

  // [rank] the last heartbeats. True once the run hangs.
  bool Hangs(const std::vector<proto::Heartbeat>& heartbeats, absl::Time now);

 private:
  const absl::Duration timeout_;
  std::vector<int64_t> instructions_;  // [rank] at the last look
  absl::Time moved_ = absl::InfinitePast();
};

// Where the workers of all processes stand, for people.
std::string DescribeHang(const std::vector<proto::Heartbeat>& heartbeats, const std::vector<proto::Hello>& members,
                         absl::Duration timeout);

// Owns a thread. Borrows both, which must outlive it.
class ProgressReporter {
 public:
  ProgressReporter(const Executor* executor, Control* control, absl::Duration timeout);
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

 private:
  void Run();
  // Counts what the workers have completed since the last call, and tells rank 0.
  void Report();
  // In rank 0: ends the run if it hangs.
  void Watch();

  const Executor* const executor_;
  Control* const control_;
  const absl::Duration timeout_;
  HangDetector detector_;
  ExecutorProgress last_;
  int64_t completed_ = 0;

  Mutex mutex_;
  CondVar ends_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROGRESS_REPORTER_H_
