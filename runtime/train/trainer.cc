// The loop over steps: run, measure, predict, evaluate, report.
#include "runtime/train/trainer.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/plan_job.h"
#include "runtime/process/agreed.h"
#include "runtime/process/lone_control.h"
#include "runtime/train/announce.h"
#include "runtime/train/checkpointer.h"
#include "runtime/train/metrics.h"
#include "runtime/train/nonfinite.h"
#include "runtime/train/output_folder.h"
#include "runtime/train/prediction.h"
#include "runtime/train/prediction_accuracy.h"
#include "runtime/train/progress.h"
#include "runtime/train/resume.h"
#include "runtime/train/session.h"
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
    BATON_RETURN_IF_ERROR(StartupError(Start()));
    Prediction prediction(&session_->ProgramOfStep(first_step_), costs_,
                          /*planned_has_times=*/options_.costs.has_value() || job_.devices().has_rates());
    progress_.Start(first_step_);
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
  // Startup failures are reported as InvalidArgument, whatever the system calls them, except Baton's own faults and
  // failures of other processes.
  static absl::Status StartupError(const absl::Status& status) {
    if (status.ok() || absl::IsInternal(status) || absl::IsCancelled(status)) return status;
    const absl::Status startup = absl::InvalidArgumentError(status.message());
    return IsAgreed(status) ? AgreedByAll(startup) : startup;
  }

  absl::Status Start() {
    BATON_RETURN_IF_ERROR(output_.Check());
    BATON_RETURN_IF_ERROR(ShareFolder());
    if (const absl::Status ready = MakeReady(); !ready.ok()) {
      output_.Discard();
      return ready;
    }
    BATON_RETURN_IF_ERROR(OpenOutput());
    checkpointer_ = MakeCheckpointer();
    if (!output_.set_aside().empty()) {
      progress_.Log(absl::StrCat("an earlier run in ", output_.folder(), " was moved to ", output_.set_aside()));
    }
    for (const std::string& line : DescribeRun(job_, *session_, options_.graphs)) progress_.Log(line);
    return absl::OkStatus();
  }

  // All processes use rank 0's folder, wherever they were started.
  absl::Status ShareFolder() {
    const std::string own = output_.has_folder() ? std::filesystem::absolute(output_.folder()).string() : "";
    BATON_ASSIGN_OR_RETURN(const std::string folder, control_.Broadcast(own));
    has_folder_ = !folder.empty();
    if (!has_folder_) return absl::OkStatus();
    checkpoints_ = leads_ ? output_.checkpoints() : folder + "/checkpoints";
    token_cache_ = leads_ ? output_.token_cache() : folder + "/tokens.cache";
    return absl::OkStatus();
  }

  // The session, gone on from the checkpoint if there is one.
  absl::Status MakeReady() {
    const auto log = [this](const std::string& line) { progress_.Log(line); };
    if (options_.resume.from.empty()) return MakeSession(job_);
    const auto restore = [&](const Checkpoint& checkpoint) -> absl::Status {
      BATON_RETURN_IF_ERROR(CheckJob(checkpoint, job_, options_.resume));
      proto::Job job = job_;
      job.mutable_run()->clear_initial_weights();  // the file need not be there any more
      if (session_ == nullptr) BATON_RETURN_IF_ERROR(MakeSession(job));
      BATON_RETURN_IF_ERROR(CheckSession(checkpoint, session_->DescribeRun(), options_.resume, log));
      return session_->Restore(checkpoint);
    };
    BATON_ASSIGN_OR_RETURN(resumed_, RestoreSound(control_, options_.resume, checkpoints_, restore, log));
    if (resumed_ == nullptr) {
      session_.reset();  // a damaged checkpoint may have been restored in part
      return MakeSession(job_);
    }
    first_step_ = steps_done_ = resumed_->manifest().step();
    loss_ = resumed_->manifest().loss();
    skipped_before_ = resumed_->manifest().skipped_steps();
    return absl::OkStatus();
  }

  // Goes on with the files in the folder if the checkpoint is theirs.
  absl::Status OpenOutput() {
    std::error_code ignored;
    const std::string& own = checkpoints_;
    if (resumed_ == nullptr || own.empty() ||
        !std::filesystem::equivalent(std::filesystem::path(resumed_->folder()) / "..", own, ignored)) {
      BATON_RETURN_IF_ERROR(output_.Open(job_));
    } else if (!leads_) {
      saved_step_ = first_step_;
    } else {
      BATON_ASSIGN_OR_RETURN(const std::vector<std::string> lines, output_.Continue(job_, first_step_));
      saved_step_ = first_step_;
      for (const std::string& line : lines) progress_.Log(line);
    }
    if (resumed_ != nullptr) {
      progress_.Log(
          absl::StrCat("goes on from ", resumed_->folder(), ", after step ", first_step_, " of ", job_.run().steps()));
    }
    resumed_.reset();
    return absl::OkStatus();
  }

  std::unique_ptr<Checkpointer> MakeCheckpointer() {
    CheckpointerOptions options;
    options.folder = checkpoints_;
    options.metrics_file = output_.metrics_file();
    options.when = job_.checkpoint();
    options.about = session_->DescribeRun();
    *options.about.mutable_job() = job_;
    options.about.set_skipped_steps(skipped_before_);
    options.saved_step = saved_step_;
    options.state = &session_->state();
    options.control = &control_;
    options.log = [this](const std::string& line) { progress_.Log(line); };
    return std::make_unique<Checkpointer>(std::move(options));
  }

  // Time passes differently in different processes, so rank 0 watches it.
  bool MustStop() const {
    if (options_.stop != nullptr && *options_.stop) return true;
    return leads_ && job_.run().time_limit() > 0 && SecondsSince(start_) >= job_.run().time_limit();
  }

  absl::Status MakeSession(const proto::Job& job) {
    SessionOptions options;
    options.graphs = options_.graphs;
    options.token_cache = token_cache_;
    options.control = &control_;
    BATON_ASSIGN_OR_RETURN(session_, TrainingSession::Create(job, options));
    session_->SetStop(options_.stop);
    costs_ = session_->planned_costs();
    return options_.costs ? UseTable(*options_.costs, costs_) : absl::OkStatus();
  }

  absl::Status TrainStep(int64_t step, Prediction& prediction) {
    const Program& program = session_->ProgramOfStep(step);
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
    BATON_ASSIGN_OR_RETURN(const StepResult result, session_->Step(step, traced));
    const double seconds = SecondsSince(step_start);
    if (result.stopped) {
      stopped_ = true;
      return absl::OkStatus();
    }
    if (traced && leads_) {
      measured_ = Analyze(program, session_->trace());
      traced_program_ = &program;
      prediction.Measure(session_->trace());
      if (step >= first_step_ + 2) accuracy_.Add(predicted, measured_);
    }
    StepMetrics metrics;
    metrics.step = step + 1;
    metrics.loss = result.loss;
    metrics.grad_norm = result.gradient_norm;
    metrics.learning_rate = result.learning_rate;
    metrics.step_ms = seconds * 1e3;
    if (has_measured) metrics.predicted_step_ms = static_cast<double>(predicted.step_time) / 1e6;
    metrics.examples_per_second = session_->SequencesOfStep(step) / seconds;
    if (ReadsTokens(job_)) metrics.tokens_per_second = session_->RowsOfStep(step) / seconds;
    metrics.model_tflops = session_->FlopsOfStep(step) / seconds / 1e12;
    if (const KnownDevice* device = FindDevice(job_.devices().device()); device != nullptr) {
      metrics.mfu = metrics.model_tflops / (device->peak_matmul_tflops * job_.devices().count());
    }
    metrics.bubble_ratio = measured_.bubble_ratio;
    metrics.predicted_bubble_ratio = predicted.bubble_ratio;
    metrics.skipped = !result.applied;
    if (metrics.skipped) {
      ++num_skipped_;
      BATON_ASSIGN_OR_RETURN(const NonfiniteOrigin origin, session_->FindNonfinite(step));
      OnNonfinite(absl::StrCat("step ", step + 1, ": ", DescribeNonfinite(result.loss, result.gradient_norm, origin),
                               "; the update was not applied"));
    }
    if (Evaluates(step) && nonfinite_.ok()) {
      absl::StatusOr<double> held_out_loss = session_->Evaluate();
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
      checkpointer_->AfterStep(steps_done_, loss_, metrics);
    }
    // Training is worth more than its log.
    if (const absl::Status written = output_.WriteMetrics(metrics); !written.ok()) {
      progress_.Log(absl::StrCat(written.message(), "; training goes on without metrics"));
    }
    checkpointer_->Begin();
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
    return !session_->traces_cost_time() || step < first_step_ + kFirstTraced ||
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
    if ((stopped_ || checkpointer_->is_periodic()) && steps_done_ > 0) {
      const absl::Status saved = checkpointer_->Finish(steps_done_, loss_);
      if (leads_) (void)output_.Keep(saved);
    }
    // A run that another process ended has nothing to write but what it has saved.
    BATON_RETURN_IF_ERROR(control_.status());
    if (has_folder_ && options_.weights) {
      BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, session_->Weights());
      if (leads_) (void)output_.WriteWeights(job_, std::move(weights));  // status() below has the error
    }
    if (output_.wants_trace() && steps_done_ > first_step_) {
      // A step with another batch that was stopped leaves the trace of the step before, which has no prediction here.
      const bool predicted = &prediction.program() == traced_program_;
      (void)output_.WriteTrace(ToChromeTrace(*traced_program_, session_->trace(),
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
    if (!has_folder_) {
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
  bool has_folder_ = false;
  std::string checkpoints_;  // the folder; empty: none is saved
  std::string token_cache_;
  Progress progress_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Checkpoint> resumed_;  // until its state is restored; null: from the start
  int64_t first_step_ = 0;               // of this process, from 0
  int64_t steps_done_ = 0;
  int64_t saved_step_ = 0;  // that the folder has a checkpoint of; 0: none
  bool stopped_ = false;    // before the last step
  double loss_ = 0;         // of the last step
  std::unique_ptr<TrainingSession> session_;
  std::unique_ptr<Checkpointer> checkpointer_;  // destroyed before the session
  CostModel costs_;                             // until a step has been measured
  PredictionAccuracy accuracy_;
  StepReport measured_;                      // of the last step that was traced
  const Program* traced_program_ = nullptr;  // of that step
  int32_t skipped_before_ = 0;               // steps that a run before this one skipped
  int64_t num_skipped_ = 0;                  // steps that this run skipped, or that stopped it
  absl::Status nonfinite_;                   // why training stops before its last step, if numbers are not finite
};

}  // namespace

absl::Status Train(const proto::Job& job, const TrainerOptions& options) { return Trainer(job, options).Run(); }

}  // namespace baton
