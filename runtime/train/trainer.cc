// The loop over steps: run, measure, predict, evaluate, report.
#include "runtime/train/trainer.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/product_type.h"
#include "runtime/job/resolve.h"
#include "runtime/process/agreed.h"
#include "runtime/process/lone_control.h"
#include "runtime/train/metrics.h"
#include "runtime/train/nonfinite.h"
#include "runtime/train/output_folder.h"
#include "runtime/train/prediction.h"
#include "runtime/train/prediction_accuracy.h"
#include "runtime/train/progress.h"
#include "runtime/train/run_start.h"
#include "schedules/analyze/analysis.h"
#include "schedules/costs/known_devices.h"
#include "schedules/trace/chrome_trace.h"

namespace baton {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first steps are always traced, so that predictions soon rest on measured costs.
constexpr int64_t kFirstTraced = 4;

ProgressOptions ProgressOf(const proto::Job& job, const TrainerOptions& options, bool leads) {
  return {leads ? options.log : nullptr, options.columns, job.run().steps(), job.run().log_every(),
          ReadsTokens(job) ? "tokens" : "examples"};
}

class Trainer {
 public:
  Trainer(const proto::Job& job, const TrainerOptions& options)
      : job_(job),
        options_(options),
        control_(options.control != nullptr ? *options.control : alone_),
        leads_(control_.rank() == 0),
        output_(leads_ ? options.output : "", leads_ ? options.trace_file : ""),
        progress_(ProgressOf(job, options, leads_)) {}

  absl::Status Run() {
    const auto log = [this](const std::string& line) { progress_.Log(line); };
    BATON_ASSIGN_OR_RETURN(run_, StartRun(job_, options_, control_, output_, log));
    steps_done_ = run_.first_step;
    loss_ = run_.loss;
    Prediction prediction(&run_.session->ProgramOfStep(steps_done_), run_.costs,
                          /*planned_has_times=*/options_.costs.has_value() || job_.devices().has_rates());
    progress_.Start(run_.first_step);
    while (steps_done_ < job_.run().steps() && !stopped_ && nonfinite_.ok()) {
      BATON_ASSIGN_OR_RETURN(const bool may_begin, control_.BeginStep(steps_done_));
      stopped_ = !may_begin;
      if (stopped_) break;
      BATON_RETURN_IF_ERROR(TrainStep(steps_done_, prediction));
      if (MustStop()) control_.RequestStop();
    }
    if (stopped_) progress_.Log(absl::StrCat("stopped after step ", steps_done_, "; saving"));
    BATON_RETURN_IF_ERROR(Finish(prediction));
    return nonfinite_.ok() ? nonfinite_ : AgreedByAll(nonfinite_);
  }

 private:
  // Time passes differently in different processes, so rank 0 watches it.
  bool MustStop() const {
    if (options_.stop != nullptr && *options_.stop) return true;
    return leads_ && job_.run().time_limit() > 0 && SecondsSince(start_) >= job_.run().time_limit();
  }

  absl::Status TrainStep(int64_t step, Prediction& prediction) {
    const Program& program = run_.session->ProgramOfStep(step);
    StepReport predicted;
    const bool has_measured = prediction.has_measured();
    if (leads_) {
      if (&program != &prediction.program()) {
        prediction = Prediction(&program, prediction.costs(), prediction.timed_trace() != nullptr);
      }
      BATON_ASSIGN_OR_RETURN(predicted, prediction.Next());
    }
    const auto step_start = std::chrono::steady_clock::now();
    const bool traced = IsTraced(step);
    BATON_ASSIGN_OR_RETURN(const StepResult result, run_.session->Step(step, traced));
    const double seconds = SecondsSince(step_start);
    if (result.stopped) {
      stopped_ = true;
      return absl::OkStatus();
    }
    if (traced && leads_) {
      measured_ = Analyze(program, run_.session->trace());
      traced_program_ = &program;
      prediction.Measure(run_.session->trace());
      if (step >= run_.first_step + 2) accuracy_.Add(predicted, measured_);
    }
    StepMetrics metrics;
    metrics.step = step + 1;
    metrics.loss = result.loss;
    metrics.grad_norm = result.gradient_norm;
    metrics.learning_rate = result.learning_rate;
    metrics.step_ms = seconds * 1e3;
    if (has_measured) metrics.predicted_step_ms = static_cast<double>(predicted.step_time) / 1e6;
    metrics.examples_per_second = run_.session->SequencesOfStep(step) / seconds;
    if (ReadsTokens(job_)) metrics.tokens_per_second = run_.session->RowsOfStep(step) / seconds;
    metrics.model_tflops = run_.session->FlopsOfStep(step) / seconds / 1e12;
    if (const KnownDevice* device = FindDevice(job_.devices().device()); device != nullptr) {
      const double peak = device->PeakTflops(ProductTypeOf(job_.devices().precision()));
      metrics.mfu = metrics.model_tflops / (peak * job_.devices().count());
    }
    metrics.bubble_ratio = measured_.bubble_ratio;
    metrics.predicted_bubble_ratio = predicted.bubble_ratio;
    metrics.skipped = !result.applied;
    if (metrics.skipped) {
      ++num_skipped_;
      BATON_ASSIGN_OR_RETURN(const NonfiniteOrigin origin, run_.session->FindNonfinite(step));
      OnNonfinite(absl::StrCat("step ", step + 1, ": ", DescribeNonfinite(result.loss, result.gradient_norm, origin),
                               "; the update was not applied"));
    }
    if (Evaluates(step) && nonfinite_.ok()) {
      absl::StatusOr<double> held_out_loss = run_.session->Evaluate();
      if (held_out_loss.ok()) {
        metrics.held_out_loss = *held_out_loss;
      } else if (!absl::IsCancelled(held_out_loss.status())) {
        return held_out_loss.status();
      }
      if (metrics.held_out_loss.has_value() && !std::isfinite(*metrics.held_out_loss)) {
        OnNonfinite(absl::StrCat("step ", step + 1, ": the held-out loss is ", NonfiniteName(*metrics.held_out_loss)));
      }
    }
    if (result.applied) loss_ = result.loss;
    // A step that stops training is not done: a run that resumes begins with it.
    if (result.applied || nonfinite_.ok()) {
      steps_done_ = step + 1;
      run_.checkpointer->AfterStep(steps_done_, loss_, metrics);
    }
    // Training is worth more than its log.
    if (const absl::Status written = output_.WriteMetrics(metrics); !written.ok()) {
      progress_.Log(absl::StrCat(written.message(), "; training goes on without metrics"));
    }
    run_.checkpointer->Begin();
    progress_.Show(metrics);
    return absl::OkStatus();
  }

  // Ends training, or says that it goes on, by run.on_nonfinite.
  void OnNonfinite(const std::string& what) {
    if (job_.run().on_nonfinite() == proto::Run::SKIP_STEP) {
      progress_.Log(absl::StrCat("note: ", what, "; training goes on"));
      return;
    }
    nonfinite_ = absl::FailedPreconditionError(
        absl::StrCat(what, "; training stopped with the weights of the last update. A smaller ",
                     "optimizer.adamw.learning_rate or more optimizer.warmup_steps may help; ",
                     "run.on_nonfinite: SKIP_STEP goes on without such steps"));
  }

  // If a trace costs time, only some steps have one; the others repeat the last measured bubble.
  bool IsTraced(int64_t step) const {
    return !run_.session->traces_cost_time() || step < run_.first_step + kFirstTraced ||
           (step + 1) % job_.run().log_every() == 0 || step + 1 == job_.run().steps();
  }

  bool Evaluates(int64_t step) const {
    const int64_t every = job_.run().evaluate_every();
    return every > 0 && ((step + 1) % every == 0 || step + 1 == job_.run().steps());
  }

  absl::Status Finish(const Prediction& prediction) {
    progress_.EndLine();
    if (const std::string line = accuracy_.Describe(); !line.empty()) progress_.Log(line);
    if (num_skipped_ > 0 && nonfinite_.ok()) {
      progress_.Log(absl::StrCat("steps whose update was not applied: ", num_skipped_));
    }
    if ((stopped_ || run_.checkpointer->is_periodic()) && steps_done_ > 0) {
      const absl::Status saved = run_.checkpointer->Finish(steps_done_, loss_);
      if (leads_) (void)output_.Keep(saved);
    }
    // A run that another process ended has nothing to write but what it has saved.
    BATON_RETURN_IF_ERROR(control_.status());
    if (run_.has_folder && options_.weights) {
      BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, run_.session->Weights());
      if (leads_) (void)output_.WriteWeights(job_, std::move(weights));  // status() below has the error
    }
    if (output_.wants_trace() && steps_done_ > run_.first_step) {
      // A step with another batch that was stopped leaves the trace of the step before, which has no prediction here.
      const bool predicted = &prediction.program() == traced_program_;
      (void)output_.WriteTrace(ToChromeTrace(*traced_program_, run_.session->trace(),
                                             predicted ? prediction.timed_trace() : nullptr,
                                             output_.has_folder() ? output_.folder() : options_.trace_file));
    }
    BATON_RETURN_IF_ERROR(output_.status());
    if (output_.has_folder()) {
      progress_.Log(absl::StrCat("written to ", output_.folder(),
                                 ": job.textproto, metrics.jsonl, trace.json (opens in ui.perfetto.dev)",
                                 options_.weights ? ", weights.safetensors" : "",
                                 output_.has_hugging_face() ? ", hugging_face/ (loads in transformers)" : ""));
    }
    return stopped_ ? AgreedByAll(Stopped()) : absl::OkStatus();
  }

  absl::Status Stopped() const {
    const std::string when = absl::StrCat("stopped after step ", steps_done_, " of ", job_.run().steps());
    if (!run_.has_folder) {
      return absl::FailedPreconditionError(absl::StrCat(when, "; without --output nothing is saved"));
    }
    if (steps_done_ == 0) return absl::FailedPreconditionError(absl::StrCat(when, "; there is nothing to resume from"));
    return absl::AbortedError(absl::StrCat(when, "; the same command with --resume goes on"));
  }

  const proto::Job& job_;
  const TrainerOptions& options_;
  LoneControl alone_;
  Control& control_;
  const bool leads_;     // rank 0
  OutputFolder output_;  // without a folder in other processes
  Progress progress_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  StartedRun run_;
  int64_t steps_done_ = 0;
  bool stopped_ = false;  // before the last step
  double loss_ = 0;       // of the last step
  PredictionAccuracy accuracy_;
  StepReport measured_;                      // of the last step that was traced
  const Program* traced_program_ = nullptr;  // of that step
  int64_t num_skipped_ = 0;                  // steps that this run skipped, or that stopped it
  absl::Status nonfinite_;                   // why training stops before its last step, if numbers are not finite
};

}  // namespace

absl::Status Train(const proto::Job& job, const TrainerOptions& options) { return Trainer(job, options).Run(); }

}  // namespace baton
