// The metrics of a run as JSON lines, one object a step. Written by runtime/train, read by whatever draws curves.
#ifndef BATON_RUNTIME_TRAIN_METRICS_H_
#define BATON_RUNTIME_TRAIN_METRICS_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baton {

struct StepMetrics {
  int64_t step = 0;      // from 1
  double loss = 0;       // mean over the batch's rows, in nats
  double grad_norm = 0;  // before clipping
  double learning_rate = 0;
  double step_ms = 0;
  std::optional<double> predicted_step_ms;  // null until a step has been measured
  double tokens_per_second = 0;             // examples a second for data other than text
  double bubble_ratio = 0;
  double predicted_bubble_ratio = 0;
  std::optional<double> held_out_loss;  // in steps that evaluate
};

// One line of JSON without its end, keys in the order above. Numbers have 9 significant digits, with which a float's
// loss reads back as the same float; NaN and infinities, for which JSON has no number, are null.
std::string MetricsLine(const StepMetrics& metrics);

// Owns the file from Create until it is destroyed. Thread contract: one thread at a time.
class MetricsWriter {
 public:
  // Empties or makes the file. Errors: NotFound, PermissionDenied and the like, with the path.
  static absl::StatusOr<std::unique_ptr<MetricsWriter>> Create(const std::string& path);

  // Writes a line and hands it to the system, so that whoever follows the file sees each step when it is over.
  // Errors: ResourceExhausted if the disk is full, or what else the system says, with the path.
  absl::Status Write(const StepMetrics& metrics);

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  MetricsWriter(const std::string& path, std::FILE* file) : path_(path), file_(file) {}

  const std::string path_;
  const std::unique_ptr<std::FILE, FileCloser> file_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_METRICS_H_
