// The files that a training run leaves: job.textproto, metrics.jsonl, trace.json, weights.safetensors, the folders
// hugging_face and tensorboard, and a trace of its own with --trace. Used by the trainer.
//
//   OutputFolder output(options.output, options.trace_file);
//   BATON_RETURN_IF_ERROR(output.Check());        // before anything takes long; locks the folder
//   BATON_RETURN_IF_ERROR(output.Open(job));      // sets an earlier run's files aside; or Continue, to go on with it
//   output.WriteMetrics(metrics);
//   output.WriteWeights(job, weights);            // first, since they are the work
//   output.WriteTrace(trace);
//   return output.status();                       // names each file that could not be written
#ifndef BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_
#define BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/train/folder_lock.h"
#include "runtime/train/metrics.h"
#include "runtime/train/tensorboard.h"

namespace baton {

// The files of a folder belong to one run at any time: a second process is refused, and the files of an earlier run are
// moved to DIR/previous-N before the first new one is written. Each file is complete or not there (base/durable_file),
// but for metrics.jsonl, which grows by a line a step. Thread contract: one thread at a time.
class OutputFolder {
 public:
  // `folder` and `trace_file` may be empty: then nothing is written there.
  OutputFolder(std::string folder, std::string trace_file)
      : folder_(std::move(folder)), trace_file_(std::move(trace_file)) {}

  // Makes and locks the folder and checks that every file can be written, so that a run does not fail at its end.
  // Errors: InvalidArgument that names the flag (--output, --trace) and the path, or the process that has the folder.
  absl::Status Check();
  // Unlocks the folder. Removes what Check made: the folder with a token cache in it, and the folders above it. A
  // folder with any other file stays.
  void Discard();
  // Where the files of an earlier run are since Open; empty if there were none.
  const std::string& set_aside() const { return set_aside_; }
  // True if there is anything to write at the end of the run.
  bool wants_trace() const { return has_folder() || !trace_file_.empty(); }
  bool has_folder() const { return !folder_.empty(); }
  const std::string& folder() const { return folder_; }

  // Sets the files of an earlier run aside, writes job.textproto and begins metrics.jsonl. Errors: those of the system,
  // with the path.
  absl::Status Open(const proto::Job& job);

  // Instead of Open: goes on with the run whose files are here, from step `step` on. Moves what is behind that step out
  // of the way: checkpoints to checkpoints.discarded/, lines of metrics.jsonl to metrics.jsonl.discarded. Returns lines
  // for people. Errors: those of the system, with the path.
  absl::StatusOr<std::vector<std::string>> Continue(const proto::Job& job, int64_t step);
  // The folder of checkpoints and metrics.jsonl; empty without a folder.
  std::string checkpoints() const { return has_folder() ? folder_ + "/checkpoints" : ""; }
  std::string metrics_file() const { return has_folder() ? folder_ + "/metrics.jsonl" : ""; }
  // The tokens of text, which no run owns: it stays when an earlier run's files are set aside; empty without a folder.
  std::string token_cache() const { return has_folder() ? folder_ + "/tokens.cache" : ""; }

  // A file that cannot be written does not keep the others from being written: these return the error, and status()
  // has all of them. After its first error a file of metrics gets no more.
  absl::Status WriteMetrics(const StepMetrics& metrics);
  // weights.safetensors, and hugging_face/ for a model that transformers has. `weights`: all parameters, by Baton's
  // names.
  absl::Status WriteWeights(const proto::Job& job, std::vector<TensorToWrite> weights);
  // Whether WriteWeights made hugging_face/.
  bool has_hugging_face() const { return has_hugging_face_; }
  // To trace.json and the trace file.
  absl::Status WriteTrace(const std::string& trace);
  // Adds the error of a file that something else failed to write.
  absl::Status Keep(const absl::Status& status);
  // OK, or DataLoss with the message of every file that could not be written.
  absl::Status status() const;

 private:
  absl::Status SetAside();
  absl::Status WriteJob(const proto::Job& job) const;

  const std::string folder_;
  const std::string trace_file_;
  std::unique_ptr<MetricsWriter> metrics_;     // null before Open, without a folder and after an error
  std::unique_ptr<TensorboardWriter> events_;  // likewise
  std::unique_ptr<FolderLock> lock_;           // null before Check and without a folder
  std::vector<std::string> failed_;            // messages
  std::string set_aside_;
  std::vector<std::string> made_folders_;  // by Check, the outer ones first
  bool has_hugging_face_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_
