// The loop over steps: run, measure, predict, evaluate, report.
#include "runtime/train/trainer.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/announce.h"
#include "runtime/train/metrics.h"
#include "runtime/train/output_folder.h"
#include "runtime/train/prediction.h"
#include "runtime/train/prediction_accuracy.h"
#include "runtime/train/progress.h"
#include "runtime/train/session.h"
#include "schedules/analyze/analysis.h"
#include "schedules/trace/chrome_trace.h"

namespace baton {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first steps are always traced, so that predictions soon rest on measured costs.
constexpr int64_t kFirstTraced = 4;

ProgressOptions ProgressOf(const proto::Job& job, const TrainerOptions& options) {
  return {options.log, options.columns, job.run().steps(), job.run().log_every(),
          job.model().has_gpt2() ? "tokens" : "examples"};
}

class Trainer {
 public:
  Trainer(const proto::Job& job, const TrainerOptions& options)
      : job_(job),
        options_(options),
        output_(options.output, options.trace_file),
        progress_(ProgressOf(job, options)) {}

  absl::Status Run() {
    BATON_RETURN_IF_ERROR(StartupError(Start()));
    Prediction prediction(&session_->program(), costs_,
                          /*planned_has_times=*/options_.costs.has_value() || job_.devices().has_rates());
    progress_.Start();
    for (int64_t step = 0; step < job_.run().steps(); ++step) {
      BATON_RETURN_IF_ERROR(TrainStep(step, prediction));
      if (options_.stop != nullptr && *options_.stop) {
        progress_.Log(absl::StrCat("stopped after step ", step + 1, "; saving"));
        break;
      }
    }
    return Finish(prediction);
  }

 private:
  // Startup failures are reported as InvalidArgument, whatever the system calls them, except Baton's own faults.
  static absl::Status StartupError(const absl::Status& status) {
    if (status.ok() || absl::IsInternal(status)) return status;
    return absl::InvalidArgumentError(status.message());
  }

  absl::Status Start() {
    BATON_RETURN_IF_ERROR(output_.Check());
    if (const absl::Status ready = MakeSession(); !ready.ok()) {
      output_.Discard();
      return ready;
    }
    BATON_RETURN_IF_ERROR(output_.Open(job_));
    if (!output_.set_aside().empty()) {
      progress_.Log(absl::StrCat("an earlier run in ", output_.folder(), " was moved to ", output_.set_aside()));
    }
    for (const std::string& line : DescribeRun(job_, *session_, options_.graphs)) progress_.Log(line);
    return absl::OkStatus();
  }

  absl::Status MakeSession() {
    BATON_ASSIGN_OR_RETURN(session_, TrainingSession::Create(job_, TransportModel{}, options_.graphs));
    costs_ = session_->planned_costs();
    return options_.costs ? UseTable(*options_.costs, costs_) : absl::OkStatus();
  }

  absl::Status TrainStep(int64_t step, Prediction& prediction) {
    const bool has_measured = prediction.has_measured();
    BATON_ASSIGN_OR_RETURN(const StepReport predicted, prediction.Next());
    const auto step_start = std::chrono::steady_clock::now();
    const bool traced = IsTraced(step);
    BATON_ASSIGN_OR_RETURN(const StepResult result, session_->Step(step, traced));
    const double seconds = SecondsSince(step_start);
    if (traced) {
      measured_ = Analyze(session_->program(), session_->trace());
      prediction.Measure(session_->trace());
      if (step >= 2) accuracy_.Add(predicted, measured_);
    }
    StepMetrics metrics;
    metrics.step = step + 1;
    metrics.loss = result.loss;
    metrics.grad_norm = result.gradient_norm;
    metrics.learning_rate = result.learning_rate;
    metrics.step_ms = seconds * 1e3;
    if (has_measured) metrics.predicted_step_ms = static_cast<double>(predicted.step_time) / 1e6;
    metrics.tokens_per_second = static_cast<double>(session_->rows_per_step()) / seconds;
    metrics.bubble_ratio = measured_.bubble_ratio;
    metrics.predicted_bubble_ratio = predicted.bubble_ratio;
    if (!std::isfinite(result.loss)) {
      return absl::FailedPreconditionError(
          absl::StrCat("step ", step + 1, ": the loss is ", result.loss,
                       "; a smaller optimizer.adamw.learning_rate or a clip_norm may help"));
    }
    if (Evaluates(step)) {
      BATON_ASSIGN_OR_RETURN(metrics.held_out_loss, session_->Evaluate());
    }
    // Training is worth more than its log.
    if (const absl::Status written = output_.WriteMetrics(metrics); !written.ok()) {
      progress_.Log(absl::StrCat(written.message(), "; training goes on without metrics"));
    }
    progress_.Show(metrics);
    return absl::OkStatus();
  }

  // If a trace costs time, only some steps have one; the others repeat the last measured bubble.
  bool IsTraced(int64_t step) const {
    return !session_->traces_cost_time() || step < kFirstTraced || (step + 1) % job_.run().log_every() == 0 ||
           step + 1 == job_.run().steps();
  }

  bool Evaluates(int64_t step) const {
    const int64_t every = job_.run().evaluate_every();
    return every > 0 && ((step + 1) % every == 0 || step + 1 == job_.run().steps());
  }

  absl::Status Finish(const Prediction& prediction) {
    progress_.EndLine();
    if (const std::string line = accuracy_.Describe(); !line.empty()) progress_.Log(line);
    if (output_.has_folder() && options_.weights) {
      BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, session_->Weights());
      (void)output_.WriteWeights(std::move(weights));  // status() below has the error
    }
    if (output_.wants_trace()) {
      (void)output_.WriteTrace(ToChromeTrace(session_->program(), session_->trace(), prediction.timed_trace(),
                                             output_.has_folder() ? output_.folder() : options_.trace_file));
    }
    BATON_RETURN_IF_ERROR(output_.status());
    if (output_.has_folder()) {
      progress_.Log(absl::StrCat("written to ", output_.folder(),
                                 ": job.textproto, metrics.jsonl, trace.json (opens in ui.perfetto.dev)",
                                 options_.weights ? ", weights.safetensors" : ""));
    }
    return absl::OkStatus();
  }

  const proto::Job& job_;
  const TrainerOptions& options_;
  OutputFolder output_;
  Progress progress_;
  std::unique_ptr<TrainingSession> session_;
  CostModel costs_;  // until a step has been measured
  PredictionAccuracy accuracy_;
  StepReport measured_;  // of the last step that was traced
};

}  // namespace

absl::Status Train(const proto::Job& job, const TrainerOptions& options) { return Trainer(job, options).Run(); }

}  // namespace baton
