// Session, then folder, then checkpointer: nothing of an earlier run is touched before the session stands.
#include "runtime/train/run_start.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/plan_job.h"
#include "runtime/process/agreed.h"
#include "runtime/train/announce.h"

namespace baton {
namespace {

class Starter {
 public:
  Starter(const proto::Job& job, const TrainerOptions& options, Control& control, OutputFolder& output,
          const LogLine& log)
      : job_(job), options_(options), control_(control), leads_(control.rank() == 0), output_(output), log_(log) {}

  absl::Status Start() {
    BATON_RETURN_IF_ERROR(output_.Check());
    absl::Status ready = ShareFolder();
    if (ready.ok()) ready = MakeReady();
    if (!ready.ok()) {
      output_.Discard();
      return ready;
    }
    BATON_RETURN_IF_ERROR(OpenOutput());
    run_.checkpointer = MakeCheckpointer();
    if (!output_.set_aside().empty()) {
      log_(absl::StrCat("an earlier run in ", output_.folder(), " was moved to ", output_.set_aside()));
    }
    for (const std::string& line : DescribeRun(job_, *run_.session, options_.graphs)) log_(line);
    return absl::OkStatus();
  }

  StartedRun Take() { return std::move(run_); }

 private:
  // All processes use rank 0's folder, wherever they were started.
  absl::Status ShareFolder() {
    const std::string own = output_.has_folder() ? std::filesystem::absolute(output_.folder()).string() : "";
    BATON_ASSIGN_OR_RETURN(const std::string folder, control_.Broadcast(own));
    run_.has_folder = !folder.empty();
    if (!run_.has_folder) return absl::OkStatus();
    checkpoints_ = leads_ ? output_.checkpoints() : folder + "/checkpoints";
    token_cache_ = leads_ ? output_.token_cache() : folder + "/tokens.cache";
    return absl::OkStatus();
  }

  // The session, gone on from the checkpoint if there is one.
  absl::Status MakeReady() {
    if (options_.resume.from.empty()) return MakeSession(job_);
    const auto restore = [&](const Checkpoint& checkpoint) -> absl::Status {
      BATON_RETURN_IF_ERROR(CheckJob(checkpoint, job_, options_.resume));
      proto::Job job = job_;
      job.mutable_run()->clear_initial_weights();  // the file need not be there any more
      if (run_.session == nullptr) BATON_RETURN_IF_ERROR(MakeSession(job));
      BATON_RETURN_IF_ERROR(CheckSession(checkpoint, run_.session->DescribeRun(), options_.resume, log_));
      return run_.session->Restore(checkpoint);
    };
    BATON_ASSIGN_OR_RETURN(resumed_, RestoreSound(control_, options_.resume, checkpoints_, restore, log_));
    if (resumed_ == nullptr) {
      run_.session.reset();  // a damaged checkpoint may have been restored in part
      return MakeSession(job_);
    }
    run_.first_step = resumed_->manifest().step();
    run_.loss = resumed_->manifest().loss();
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
      saved_step_ = run_.first_step;
    } else {
      BATON_ASSIGN_OR_RETURN(const std::vector<std::string> lines, output_.Continue(job_, run_.first_step));
      saved_step_ = run_.first_step;
      for (const std::string& line : lines) log_(line);
    }
    if (resumed_ != nullptr) {
      log_(absl::StrCat("goes on from ", resumed_->folder(), ", after step ", run_.first_step, " of ",
                        job_.run().steps()));
    }
    resumed_.reset();
    return absl::OkStatus();
  }

  std::unique_ptr<Checkpointer> MakeCheckpointer() {
    CheckpointerOptions options;
    options.folder = checkpoints_;
    options.metrics_file = output_.metrics_file();
    options.when = job_.checkpoint();
    options.about = run_.session->DescribeRun();
    *options.about.mutable_job() = job_;
    options.about.set_skipped_steps(skipped_before_);
    options.saved_step = saved_step_;
    options.state = &run_.session->state();
    options.control = &control_;
    options.log = log_;
    return std::make_unique<Checkpointer>(std::move(options));
  }

  absl::Status MakeSession(const proto::Job& job) {
    SessionOptions options;
    options.graphs = options_.graphs;
    options.token_cache = token_cache_;
    options.control = &control_;
    BATON_ASSIGN_OR_RETURN(run_.session, TrainingSession::Create(job, options));
    run_.session->SetStop(options_.stop);
    run_.costs = run_.session->planned_costs();
    // Where others compute on processors of their own, only the job can say how many all have.
    const bool are_all_here = run_.session->NumDevicesOnHost() == job.devices().count();
    ApplyCores(job, are_all_here ? ProcessorsHere(job.devices()) : 0, run_.costs);
    if (options_.costs) BATON_RETURN_IF_ERROR(UseTable(*options_.costs, run_.costs));
    if (options_.links) {
      const proto::Devices& devices = job.devices();
      const int per_node = devices.nodes() > 1 ? devices.per_node() : 0;
      ApplyLinkTable(*options_.links, {run_.session->program().num_devices(), job.parallel().tensor(), per_node},
                     run_.costs);
    }
    run_.session->SetCores(run_.costs.cores);
    return absl::OkStatus();
  }

  const proto::Job& job_;
  const TrainerOptions& options_;
  Control& control_;
  const bool leads_;  // rank 0
  OutputFolder& output_;
  const LogLine& log_;
  StartedRun run_;
  std::string checkpoints_;  // the folder; empty: none is saved
  std::string token_cache_;
  std::unique_ptr<Checkpoint> resumed_;  // until its state is restored; null: from the start
  int64_t saved_step_ = 0;               // that the folder has a checkpoint of; 0: none
  int32_t skipped_before_ = 0;           // steps that a run before this one skipped
};

// Startup failures are reported as InvalidArgument, whatever the system calls them, except Baton's own faults and
// failures of other processes.
absl::Status StartupError(const absl::Status& status) {
  if (status.ok() || absl::IsInternal(status) || absl::IsCancelled(status)) return status;
  const absl::Status startup = absl::InvalidArgumentError(status.message());
  return IsAgreed(status) ? AgreedByAll(startup) : startup;
}

}  // namespace

absl::StatusOr<StartedRun> StartRun(const proto::Job& job, const TrainerOptions& options, Control& control,
                                    OutputFolder& output, const LogLine& log) {
  Starter starter(job, options, control, output, log);
  BATON_RETURN_IF_ERROR(StartupError(starter.Start()));
  return starter.Take();
}

}  // namespace baton
