// Saves checkpoints of a run: decides when one is due, copies the state between two steps, and writes it behind the
// steps that follow. Used by the trainer.
//
//   Checkpointer checkpointer(std::move(options));
//   for (…) {
//     … step …
//     checkpointer.AfterStep(step, loss, metrics);   // copies the state if a checkpoint is due
//     … metrics.jsonl gets its line …
//     checkpointer.Begin();                          // and begins to write it
//   }
//   BATON_RETURN_IF_ERROR(checkpointer.Finish(step, loss));
//
//   steps    │ 1 │ 2 │ 3 │ 4 │copy│ 5 │ 6 │ 7 │ 8 │copy│ …
//   thread                        └ write, sync, rename, prune ┘
#ifndef BATON_RUNTIME_TRAIN_CHECKPOINTER_H_
#define BATON_RUNTIME_TRAIN_CHECKPOINTER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/checkpoint.pb.h"
#include "proto/job.pb.h"
#include "runtime/process/control.h"
#include "runtime/train/metrics.h"
#include "runtime/train/parameter_state.h"

namespace baton {

struct CheckpointerOptions {
  std::string folder;               // for step-N; empty: nothing is ever saved
  std::string metrics_file;         // synced before a checkpoint appears, since a resumed run needs its lines
  proto::Checkpoint when;           // resolved
  proto::CheckpointManifest about;  // of the run: all but what belongs to a step or to files
  int64_t saved_step = 0;           // the step that `folder` has already; 0: none
  ParameterState* state = nullptr;  // borrowed
  Control* control = nullptr;       // the processes of the run; borrowed
  std::function<void(const std::string&)> log;  // for people
};

// In a run over several processes each has a checkpointer with the same options but the state; they save together. A
// save that fails ends by itself: training goes on with the checkpoints that are there. Thread contract: one thread.
class Checkpointer {
 public:
  explicit Checkpointer(CheckpointerOptions options);
  ~Checkpointer();  // waits for the save that is being written
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // True if checkpoints are saved while training goes on.
  bool is_periodic() const;

  // After step `step`, from 1: reports how the last save ended, in `metrics` and the log, and copies the state if a
  // checkpoint is due. One that is due while the last one is still being written waits for it; the log says so once.
  void AfterStep(int64_t step, double loss, StepMetrics& metrics);
  // Begins to write the copy, if AfterStep made one.
  void Begin();

  // Waits until the save that is being written is done.
  void Wait();
  // Saves step `step` unless that is done, and waits for it. Errors: those of the save, which the log has as well.
  absl::Status Finish(int64_t step, double loss);

 private:
  // Time passes differently in different processes, so rank 0 decides. Errors: those of the control plane.
  absl::StatusOr<bool> IsDue(int64_t step) const;
  void SayWait(int64_t step);
  // Copies the state. Errors: those of the devices.
  absl::Status Copy(int64_t step, double loss);
  // On the thread.
  void Write();
  // Joins the thread, if there is one, and logs its error; returns it.
  absl::Status Join();

  const CheckpointerOptions options_;
  int32_t skipped_steps_ = 0;
  StateSnapshot snapshot_;              // read by the thread while it runs
  proto::CheckpointManifest manifest_;  // of snapshot_
  bool has_said_wait_ = false;
  bool has_copy_ = false;  // snapshot_ is to be written, or copying it failed
  absl::Status copied_;
  int64_t saved_ = 0;  // as CheckpointerOptions::saved_step, by now
  std::chrono::steady_clock::time_point last_copy_;
  std::thread thread_;
  std::atomic<bool> done_{false};  // the thread is at its end
  absl::Status written_;           // by the thread
  absl::Status pruned_;            // likewise
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_CHECKPOINTER_H_
