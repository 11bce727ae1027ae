// The files that a training run leaves: job.textproto, metrics.jsonl, trace.json, weights.safetensors, and a trace of
// its own with --trace. Used by the trainer.
//
//   OutputFolder output(options.output, options.trace_file);
//   BATON_RETURN_IF_ERROR(output.Check());        // before anything takes long
//   BATON_RETURN_IF_ERROR(output.Open(job));
//   BATON_RETURN_IF_ERROR(output.WriteMetrics(metrics));
//   BATON_RETURN_IF_ERROR(output.WriteTrace(trace));
//   BATON_RETURN_IF_ERROR(output.WriteWeights(weights));
#ifndef BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_
#define BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/train/metrics.h"

namespace baton {

// Thread contract: one thread at a time.
class OutputFolder {
 public:
  // `folder` and `trace_file` may be empty: then nothing is written there.
  OutputFolder(std::string folder, std::string trace_file)
      : folder_(std::move(folder)), trace_file_(std::move(trace_file)) {}

  // Makes the folder and checks that every file can be written, so that a run does not fail at its end. Errors:
  // InvalidArgument that names the flag (--output, --trace) and the path.
  absl::Status Check();
  // Removes the folder if Check made it and it is still empty.
  void Discard();
  // True if the folder has files of an earlier run.
  bool replaces_run() const { return replaces_run_; }
  // True if there is anything to write at the end of the run.
  bool wants_trace() const { return has_folder() || !trace_file_.empty(); }
  bool has_folder() const { return !folder_.empty(); }
  const std::string& folder() const { return folder_; }

  // Writes job.textproto and begins metrics.jsonl. Errors of this and the following: those of the system, with the
  // path.
  absl::Status Open(const proto::Job& job);
  absl::Status WriteMetrics(const StepMetrics& metrics);
  // To trace.json and the trace file.
  absl::Status WriteTrace(const std::string& trace) const;
  absl::Status WriteWeights(std::vector<TensorToWrite> weights) const;

 private:
  const std::string folder_;
  const std::string trace_file_;
  std::unique_ptr<MetricsWriter> metrics_;  // null before Open and without a folder
  bool made_folder_ = false;
  bool replaces_run_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_OUTPUT_FOLDER_H_
