// A thread a save. The snapshot belongs to the thread while it runs.
#include "runtime/train/checkpointer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/durable_file.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/train/save_together.h"

namespace baton {
namespace {

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Checkpointer::Checkpointer(CheckpointerOptions options)
    : options_(std::move(options)),
      skipped_steps_(options_.about.skipped_steps()),
      saved_(options_.saved_step),
      last_copy_(std::chrono::steady_clock::now()) {
  if (is_periodic()) options_.state->Prepare(snapshot_);
}

Checkpointer::~Checkpointer() { Wait(); }

bool Checkpointer::is_periodic() const {
  return !options_.folder.empty() && (options_.when.every() > 0 || options_.when.seconds() > 0);
}

absl::StatusOr<bool> Checkpointer::IsDue(int64_t step) const {
  if (!is_periodic()) return false;
  if (options_.when.every() > 0 && step % options_.when.every() == 0) return true;
  if (options_.when.seconds() <= 0) return false;
  const bool is_time = MillisecondsSince(last_copy_) >= options_.when.seconds() * 1e3;
  if (options_.control->size() == 1) return is_time;
  BATON_ASSIGN_OR_RETURN(const std::string decided, options_.control->Broadcast(is_time ? "due" : ""));
  return !decided.empty();
}

void Checkpointer::AfterStep(int64_t step, double loss, StepMetrics& metrics) {
  absl::Status status;
  if (metrics.skipped) ++skipped_steps_;
  if (done_) status = Join();
  const absl::StatusOr<bool> is_due = IsDue(step);
  // Another process has failed, which the next step will say.
  if (!is_due.ok()) return;
  if (*is_due) {
    const auto start = std::chrono::steady_clock::now();
    if (thread_.joinable()) {
      SayWait(step);
      status = Join();
    }
    const absl::Status copied = Copy(step, loss);
    metrics.checkpoint_ms = MillisecondsSince(start);
    if (!copied.ok()) status = copied;
  }
  if (!status.ok()) metrics.checkpoint_error = std::string(status.message());
}

void Checkpointer::SayWait(int64_t step) {
  if (std::exchange(has_said_wait_, true)) return;
  options_.log(absl::StrCat("the checkpoint of step ", step, " waits until that of step ", manifest_.step(),
                            " is written, and so will later ones: see checkpoint_ms in metrics.jsonl"));
}

absl::Status Checkpointer::Copy(int64_t step, double loss) {
  last_copy_ = std::chrono::steady_clock::now();
  manifest_ = options_.about;
  manifest_.set_step(static_cast<int32_t>(step));
  manifest_.set_loss(loss);
  manifest_.set_skipped_steps(skipped_steps_);
  manifest_.set_saved_at(SecondsSince1970());
  manifest_.set_sequences(SequencesBefore(options_.about.job(), step));
  if (snapshot_.files.empty()) options_.state->Prepare(snapshot_);
  copied_ = options_.state->CopyTo(snapshot_);
  // The other processes wait for this one, also for its error.
  has_copy_ = copied_.ok() || options_.control->size() > 1;
  if (!copied_.ok()) options_.log(absl::StrCat("error: step ", step, " cannot be saved: ", copied_.message()));
  return copied_;
}

void Checkpointer::Begin() {
  if (!std::exchange(has_copy_, false)) return;
  done_ = false;
  thread_ = std::thread([this] {
    Write();
    done_ = true;
  });
}

void Checkpointer::Write() {
  pruned_ = absl::OkStatus();
  absl::Status ready = copied_;
  if (ready.ok() && !options_.metrics_file.empty()) ready = SyncFile(options_.metrics_file);
  written_ = SaveTogether(*options_.control, options_.folder, manifest_, snapshot_.files, ready);
  if (!written_.ok() || options_.control->rank() > 0) return;
  pruned_ = PruneCheckpoints(options_.folder, options_.when.keep(), options_.when.keep_every());
}

absl::Status Checkpointer::Join() {
  if (!thread_.joinable()) return absl::OkStatus();
  thread_.join();
  done_ = false;
  if (!written_.ok()) {
    options_.log(absl::StrCat("error: step ", manifest_.step(), " is not saved: ", written_.message()));
    return written_;
  }
  saved_ = manifest_.step();
  if (!pruned_.ok()) options_.log(absl::StrCat("note: an old checkpoint is not removed: ", pruned_.message()));
  return absl::OkStatus();
}

void Checkpointer::Wait() { (void)Join(); }

absl::Status Checkpointer::Finish(int64_t step, double loss) {
  Begin();
  Wait();
  if (options_.folder.empty() || saved_ == step) return absl::OkStatus();
  const absl::Status copied = Copy(step, loss);
  Begin();
  const absl::Status written = Join();
  return copied.ok() ? written : copied;
}

}  // namespace baton
