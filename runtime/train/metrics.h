// The metrics of a run as JSON lines, one object a step. Written by runtime/train for programs that draw curves.
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
  int64_t step = 0;                         // from 1
  double loss = 0;                          // mean over the batch's rows, in nats
  double grad_norm = 0;                     // before clipping
  double learning_rate = 0;                 // of this step
  double step_ms = 0;                       // wall time
  std::optional<double> predicted_step_ms;  // unset until a step has been measured
  std::optional<double> tokens_per_second;  // set for models of tokens
  double examples_per_second = 0;           // sequences a second for models of tokens
  double model_tflops = 0;                  // 10¹² FLOPs a second, of the model's own: recomputation does not count
  std::optional<double> mfu;                // model_tflops by the devices' peak; set if devices.device is
  double bubble_ratio = 0;                  // from 0 to 1
  double predicted_bubble_ratio = 0;        // from 0 to 1
  std::optional<double> held_out_loss;      // set in steps that evaluate
  std::optional<double> checkpoint_ms;      // that training waited for a save; set in steps that are saved
  std::string checkpoint_error;             // of a save that ended since the step before; empty: none failed
  bool skipped = false;                     // loss or norm was not finite, so that nothing was updated
};

// One line of JSON without its end, keys in the order above; "skipped" only if true. Numbers have 9 significant digits,
// so that a float reads back as the same float. JSON cannot express NaN and infinities: such a number is null, and the
// object "nonfinite" has its name, as {"loss":null,…,"nonfinite":{"loss":"nan"}}.
std::string MetricsLine(const StepMetrics& metrics);

// Owns the file from Create until it is destroyed. Thread contract: one thread at a time.
class MetricsWriter {
 public:
  // Creates or truncates the file; `appends`: keeps its lines. Errors: NotFound, PermissionDenied and the like, with
  // the path.
  static absl::StatusOr<std::unique_ptr<MetricsWriter>> Create(const std::string& path, bool appends = false);

  // Writes and flushes one line, so that readers of the file see each step as soon as it ends. Errors: those of the
  // system with the path, such as ResourceExhausted for a full disk.
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
