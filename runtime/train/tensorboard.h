// Event files for TensorBoard: the numbers of metrics.jsonl as curves. Used by output folders.
//
//   BATON_ASSIGN_OR_RETURN(const auto events, TensorboardWriter::Create("runs/gpt/tensorboard", /*first_step=*/0));
//   BATON_RETURN_IF_ERROR(events->Write(metrics));
#ifndef BATON_RUNTIME_TRAIN_TENSORBOARD_H_
#define BATON_RUNTIME_TRAIN_TENSORBOARD_H_

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/tensorboard.pb.h"
#include "runtime/train/metrics.h"

namespace baton {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `data`, continued from that of what stands before it.
uint32_t Crc32c(absl::string_view data, uint32_t before = 0);

// A record of TensorFlow's format: length (8 bytes), masked CRC of the length, data, masked CRC of the data; numbers
// are little-endian. Source: tensorflow/core/lib/io/record_writer.h.
std::string TfRecord(absl::string_view data);

// The curves of a step: loss, grad_norm, learning_rate and what else is set; a number that is not finite is left out
// unless it is the loss or the norm, which TensorBoard shows as such.
proto::TensorboardEvent EventOf(const StepMetrics& metrics, double wall_time);

// Owns the file from Create until it is destroyed. Thread contract: one thread at a time.
class TensorboardWriter {
 public:
  // Begins a new file events.out.tfevents.… in `folder`, which is created if needed. `first_step`: steps that are done
  // already, for a run that resumes: the file tells readers to drop later steps of earlier files. Errors: those of the
  // system, with the path.
  static absl::StatusOr<std::unique_ptr<TensorboardWriter>> Create(const std::string& folder, int64_t first_step);

  // Writes and flushes the curves of one step. Errors: those of the system, with the path.
  absl::Status Write(const StepMetrics& metrics);

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  TensorboardWriter(const std::string& path, std::FILE* file) : path_(path), file_(file) {}
  absl::Status Append(const proto::TensorboardEvent& event);

  const std::string path_;
  const std::unique_ptr<std::FILE, FileCloser> file_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_TENSORBOARD_H_
