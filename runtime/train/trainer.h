// Trains a job from its first step to its last: metrics, progress, predictions beside measurements, output files. Used
// by `baton train`. In a run over several processes all train the same job; rank 0 alone shows and writes anything but
// the other processes' parts of checkpoints.
//
//   TrainerOptions options;
//   options.output = "runs/gpt";
//   options.log = &std::cout;
//   BATON_RETURN_IF_ERROR(Train(job, options));
#ifndef BATON_RUNTIME_TRAIN_TRAINER_H_
#define BATON_RUNTIME_TRAIN_TRAINER_H_

#include <atomic>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/process/control.h"
#include "runtime/train/resume.h"
#include "schedules/costs/costs.h"
#include "schedules/costs/link_table.h"

namespace baton {

struct TrainerOptions {
  // Folder for job.textproto, metrics.jsonl, trace.json, weights.safetensors and checkpoints; created if needed. Empty:
  // none.
  std::string output;
  // The checkpoint to go on from: a folder step-N, or kNewest for the newest in `output`. Empty: the start.
  ResumeRequest resume;
  // Write weights.safetensors at the end. False: for benchmarks.
  bool weights = true;
  // Record steps as graphs if the devices can. False: each instruction is launched by itself.
  bool graphs = true;
  // File for the last step's trace, in addition to the one in `output`. Empty: none.
  std::string trace_file;
  std::ostream* log = nullptr;   // lines for people; not owned
  std::function<int()> columns;  // of the terminal that `log` is, where a line can be written over; null: it is none
  // Costs of the job's chunks, for predictions until a step has been measured. Unset: by the job's rates or FLOPs.
  std::optional<CostModel> costs;
  // Measured links, for the same predictions. Unset: those of the job.
  std::optional<LinkTable> links;
  // If it becomes true (a signal handler sets it), training ends and saves: on the host within an instruction, with the
  // parameters of the last whole step. Not owned; may be null.
  const std::atomic<bool>* stop = nullptr;
  // The processes of the run. Borrowed; null: this one is alone.
  Control* control = nullptr;
};

// `job` must be resolved. Errors: InvalidArgument or Internal before the first step; then those of TrainingSession;
// Cancelled if another process failed; Aborted if `stop` or run.time_limit ended training and a checkpoint was saved,
// from which it can go on; FailedPrecondition, after everything was saved, if run.on_nonfinite stops training; those of
// writing files, with the path.
absl::Status Train(const proto::Job& job, const TrainerOptions& options);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_TRAINER_H_
