// Trains a job from its first step to its last: metrics, progress, prediction beside measurement, and the files that
// stay. What `baton train` calls.
#ifndef BATON_RUNTIME_TRAIN_TRAINER_H_
#define BATON_RUNTIME_TRAIN_TRAINER_H_

#include <atomic>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "schedules/costs/costs.h"

namespace baton {

struct TrainerOptions {
  // Where job.textproto, metrics.jsonl, trace.json and weights.safetensors go; made if it is not there. Empty: nowhere.
  std::string output;
  // Where devices can record steps as graphs, they do; false: each instruction is launched by itself.
  bool graphs = true;
  // Where the last step's trace goes, beside the one in `output`. Empty: nowhere.
  std::string trace_file;
  std::ostream* log = nullptr;  // lines for people; not owned
  bool terminal = false;        // log is a terminal: one line that is written over
  // Of the job's chunks, for the predictions before a step has been measured; none: by FLOPs or the job's rates.
  std::optional<CostModel> costs;
  // Set from outside (a signal handler): training ends after the current step and saves. Not owned; may be null.
  const std::atomic<bool>* stop = nullptr;
};

// `job` must be resolved. Errors: those of TrainingRun; FailedPrecondition if the loss is no longer a number; what a
// file could not be written for, with its path.
absl::Status Train(const proto::Job& job, const TrainerOptions& options);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_TRAINER_H_
