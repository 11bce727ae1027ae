// The loop over steps, and what it prints and writes.
#include "runtime/train/trainer.h"

#include <google/protobuf/text_format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/status.h"
#include "base/write_file.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/metrics.h"
#include "runtime/train/prediction.h"
#include "runtime/train/training_run.h"
#include "schedules/analyze/analysis.h"
#include "schedules/program/memory_breakdown.h"
#include "schedules/trace/chrome_trace.h"

namespace baton {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// As "1:02:03" or "4:05".
std::string FormatClock(double seconds) {
  const auto total = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (total >= 3600) return absl::StrFormat("%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
  return absl::StrFormat("%d:%02d", total / 60, total % 60);
}

// The cores that this process may use.
int AvailableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? std::max(1, CPU_COUNT(&cores)) : 1;
}

// Steps that are traced at any rate, so that predictions come from measured costs soon.
constexpr int64_t kFirstTraced = 4;

// How true the predictions were over a run.
struct PredictionRecord {
  double step_error = 0;    // Σ |predicted − measured| / measured
  double bubble_error = 0;  // Σ |predicted − measured|
  double measured_bubble = 0;
  double predicted_bubble = 0;
  int64_t steps = 0;

  void Add(const StepReport& predicted, const StepReport& measured) {
    step_error += std::abs(static_cast<double>(predicted.step_time - measured.step_time)) /
                  static_cast<double>(std::max<Nanos>(1, measured.step_time));
    bubble_error += std::abs(predicted.bubble_ratio - measured.bubble_ratio);
    measured_bubble += measured.bubble_ratio;
    predicted_bubble += predicted.bubble_ratio;
    ++steps;
  }
};

class Trainer {
 public:
  Trainer(const proto::Job& job, const TrainerOptions& options) : job_(job), options_(options) {}

  absl::Status Run() {
    BATON_RETURN_IF_ERROR(CheckOutput());
    absl::StatusOr<std::unique_ptr<TrainingRun>> run = TrainingRun::Create(job_, TransportModel{}, options_.graphs);
    absl::Status ready = run.status();
    CostModel costs;
    if (ready.ok()) {
      run_ = *std::move(run);
      costs = run_->planned_costs();
      if (options_.costs) ready = UseTable(*options_.costs, costs);
    }
    if (!ready.ok()) {
      std::error_code ignored;
      if (made_output_) std::filesystem::remove(options_.output, ignored);  // still empty
      return BeforeStart(ready);
    }
    BATON_RETURN_IF_ERROR(BeforeStart(OpenOutput()));
    Announce();
    Prediction prediction(&run_->program(), costs);
    start_ = std::chrono::steady_clock::now();
    for (int64_t step = 0; step < job_.run().steps(); ++step) {
      BATON_RETURN_IF_ERROR(TrainStep(step, prediction));
      if (options_.stop != nullptr && *options_.stop) {
        EndLine();
        Log(absl::StrCat("stopped after step ", step + 1, "; saving"));
        break;
      }
    }
    EndLine();
    return Finish(prediction);
  }

 private:
  void Log(const std::string& line) {
    if (options_.log != nullptr) *options_.log << line << "\n" << std::flush;
  }

  // What keeps a run from starting is the caller's to mend, whatever the system calls it.
  static absl::Status BeforeStart(const absl::Status& status) {
    if (status.ok() || absl::IsInternal(status)) return status;
    return absl::InvalidArgumentError(status.message());
  }

  // Makes the folder and sees that all files can be written: a run must not fail for that at its end.
  absl::Status CheckOutput() {
    if (!options_.trace_file.empty()) {
      if (const absl::Status writable = WriteFile(options_.trace_file, ""); !writable.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--trace: ", writable.message()));
      }
    }
    if (options_.output.empty()) return absl::OkStatus();
    std::error_code error;
    made_output_ = std::filesystem::create_directories(options_.output, error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", options_.output, ": ", error.message()));
    }
    if (access(options_.output.c_str(), W_OK | X_OK) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", options_.output, ": ", std::strerror(errno)));
    }
    for (const char* name : {"job.textproto", "metrics.jsonl", "trace.json", "weights.safetensors"}) {
      const std::string path = absl::StrCat(options_.output, "/", name);
      const auto kind = std::filesystem::status(path, error).type();
      if (kind == std::filesystem::file_type::not_found) continue;
      if (kind != std::filesystem::file_type::regular) {
        return absl::InvalidArgumentError(absl::StrCat("--output: ", path, " is in the way: it is not a file"));
      }
      if (access(path.c_str(), W_OK) != 0) {
        return absl::InvalidArgumentError(absl::StrCat("--output: ", path, ": ", std::strerror(errno)));
      }
      replaces_run_ = true;
    }
    return absl::OkStatus();
  }

  absl::Status OpenOutput() {
    if (options_.output.empty()) return absl::OkStatus();
    if (replaces_run_) Log(absl::StrCat(options_.output, " holds an earlier run, which this one replaces"));
    std::string text;
    google::protobuf::TextFormat::PrintToString(job_, &text);
    BATON_RETURN_IF_ERROR(WriteFile(options_.output + "/job.textproto", text));
    BATON_ASSIGN_OR_RETURN(metrics_, MetricsWriter::Create(options_.output + "/metrics.jsonl"));
    return absl::OkStatus();
  }

  void Announce() {
    const Program& program = run_->program();
    const DeviceProgram* fullest = &program.devices.front();
    size_t instructions = 0;
    for (const DeviceProgram& device : program.devices) {
      if (device.arena_bytes > fullest->arena_bytes) fullest = &device;
      instructions += device.instructions.size();
    }
    Log(absl::StrCat(job_.name(), ": ", program.num_chunks, " chunks on ", program.num_devices(), " devices, ",
                     program.num_micro_batches, " micro-batches by ", program.schedule, ": ", instructions,
                     " instructions, proven"));
    Log(absl::StrCat("memory of device ", fullest - program.devices.data(), ", the fullest: ",
                     FormatBytes(fullest->arena_bytes), " (", FormatMemory(BreakDownMemory(*fullest)), ")"));
    if (const std::string devices = run_->DescribeDevices(); !devices.empty()) {
      Log(absl::StrCat("on ", devices, "; ", proto::Devices::Precision_Name(job_.devices().precision()),
                       options_.graphs ? ", a graph a step" : ", no graphs"));
      return;
    }
    const int threads = program.num_devices() * job_.devices().threads_each();
    if (threads > AvailableCores()) {
      Log(absl::StrCat("note: ", threads, " threads of devices share ", AvailableCores(),
                       " cores and take turns, which a bubble shows as waiting; predictions are for a core a thread"));
    }
  }

  absl::Status TrainStep(int64_t step, Prediction& prediction) {
    const bool has_measured = prediction.has_measured();
    BATON_ASSIGN_OR_RETURN(const StepReport predicted, prediction.Next());
    const auto step_start = std::chrono::steady_clock::now();
    const bool traced = IsTraced(step);
    BATON_ASSIGN_OR_RETURN(const StepResult result, run_->Step(step, traced));
    const double seconds = SecondsSince(step_start);
    if (traced) {
      measured_ = Analyze(run_->program(), run_->trace());
      prediction.Measure(run_->trace());
      if (step >= 2) record_.Add(predicted, measured_);
    }
    const StepReport& measured = measured_;

    StepMetrics metrics;
    metrics.step = step + 1;
    metrics.loss = result.loss;
    metrics.grad_norm = result.gradient_norm;
    metrics.learning_rate = result.learning_rate;
    metrics.step_ms = seconds * 1e3;
    if (has_measured) metrics.predicted_step_ms = static_cast<double>(predicted.step_time) / 1e6;
    metrics.tokens_per_second = static_cast<double>(run_->rows_per_step()) / seconds;
    metrics.bubble_ratio = measured.bubble_ratio;
    metrics.predicted_bubble_ratio = predicted.bubble_ratio;
    if (!std::isfinite(result.loss)) {
      return absl::FailedPreconditionError(
          absl::StrCat("step ", step + 1, ": the loss is ", result.loss,
                       "; a smaller optimizer.adamw.learning_rate or a clip_norm may help"));
    }
    const int64_t done = step + 1;
    if (job_.run().evaluate_every() > 0 && (done % job_.run().evaluate_every() == 0 || done == job_.run().steps())) {
      BATON_ASSIGN_OR_RETURN(const double held_out_loss, run_->Evaluate());
      metrics.held_out_loss = held_out_loss;
    }
    if (metrics_ != nullptr) BATON_RETURN_IF_ERROR(metrics_->Write(metrics));
    Show(metrics);
    return absl::OkStatus();
  }

  // Where a trace costs time, steps without one repeat the bubble of the last that had one.
  bool IsTraced(int64_t step) const {
    return !run_->traces_cost_time() || step < kFirstTraced || (step + 1) % job_.run().log_every() == 0 ||
           step + 1 == job_.run().steps();
  }

  void Show(const StepMetrics& metrics) {
    if (options_.log == nullptr) return;
    const int64_t steps = job_.run().steps();
    const double elapsed = SecondsSince(start_);
    const double left = elapsed / static_cast<double>(metrics.step) * static_cast<double>(steps - metrics.step);
    const auto time = [](double milliseconds) { return FormatDuration(static_cast<Nanos>(milliseconds * 1e6)); };
    const std::string predicted_time = metrics.predicted_step_ms.has_value()
                                           ? absl::StrCat(" (predicted ", time(*metrics.predicted_step_ms), ")")
                                           : "";
    std::string line = absl::StrFormat(
        "step %*d/%d  loss %.4f  %6.0f %s/s  %s%s  bubble %4.1f %% (predicted %4.1f %%)  %s left",
        static_cast<int>(absl::StrCat(steps).size()), metrics.step, steps, metrics.loss, metrics.tokens_per_second,
        job_.model().has_gpt2() ? "tokens" : "examples", time(metrics.step_ms), predicted_time,
        100 * metrics.bubble_ratio, 100 * metrics.predicted_bubble_ratio, FormatClock(left));
    if (metrics.held_out_loss.has_value()) {
      absl::StrAppend(&line, absl::StrFormat("  held-out loss %.4f", *metrics.held_out_loss));
    }
    const bool keep = metrics.step == 1 || metrics.step % job_.run().log_every() == 0 || metrics.step == steps ||
                      metrics.held_out_loss.has_value();
    if (options_.terminal) {
      // A line wider than the terminal must not wrap, or it could not be written over.
      *options_.log << "\r\033[K" << (keep ? "" : "\033[?7l") << line << (keep ? "\n" : "\033[?7h") << std::flush;
      line_open_ = !keep;
    } else if (keep) {
      Log(line);
    }
  }

  // Ends a progress line that would be written over.
  void EndLine() {
    if (line_open_) Log("");
    line_open_ = false;
  }

  absl::Status Finish(const Prediction& prediction) {
    if (record_.steps > 0) {
      const auto steps = static_cast<double>(record_.steps);
      Log(
          absl::StrFormat("last %d steps: bubble %.1f %% measured, %.1f %% predicted (off by %.1f points a step); step "
                          "time off by %.1f %%",
                          record_.steps, 100 * record_.measured_bubble / steps, 100 * record_.predicted_bubble / steps,
                          100 * record_.bubble_error / steps, 100 * record_.step_error / steps));
    }
    if (options_.output.empty() && options_.trace_file.empty()) return absl::OkStatus();
    const std::string trace = ToChromeTrace(run_->program(), run_->trace(), &prediction.trace());
    if (!options_.trace_file.empty()) BATON_RETURN_IF_ERROR(WriteFile(options_.trace_file, trace));
    if (options_.output.empty()) return absl::OkStatus();
    BATON_RETURN_IF_ERROR(WriteFile(options_.output + "/trace.json", trace));
    BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, run_->Weights());
    BATON_RETURN_IF_ERROR(WriteSafetensors(options_.output + "/weights.safetensors", std::move(weights)));
    Log(absl::StrCat("written to ", options_.output,
                     ": job.textproto, metrics.jsonl, trace.json (opens in ui.perfetto.dev), weights.safetensors"));
    return absl::OkStatus();
  }

  const proto::Job& job_;
  const TrainerOptions& options_;
  std::unique_ptr<TrainingRun> run_;
  std::unique_ptr<MetricsWriter> metrics_;
  PredictionRecord record_;
  StepReport measured_;  // of the last step that was traced
  std::chrono::steady_clock::time_point start_;
  bool line_open_ = false;
  bool made_output_ = false;
  bool replaces_run_ = false;
};

}  // namespace

absl::Status Train(const proto::Job& job, const TrainerOptions& options) { return Trainer(job, options).Run(); }

}  // namespace baton
