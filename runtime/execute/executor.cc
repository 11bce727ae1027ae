// Starting, waking and joining the workers; preparing and ending a step.
#include "runtime/execute/executor.h"

#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/execute/check_executable.h"
#include "runtime/execute/check_options.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Executor>> Executor::Create(std::shared_ptr<const Program> program,
                                                           ExecutorOptions options) {
  if (program == nullptr) return absl::InvalidArgumentError("program: null");
  BATON_RETURN_IF_ERROR(CheckExecutable(*program));
  BATON_RETURN_IF_ERROR(CheckOptions(*program, options));
  std::unique_ptr<Executor> executor(new Executor(std::move(options)));
  BATON_RETURN_IF_ERROR(executor->StartThreads());
  BATON_RETURN_IF_ERROR(executor->AddOwnProgram(std::move(program), /*shares_slots=*/false).status());
  return executor;
}

Executor::Executor(ExecutorOptions options)
    : options_(std::move(options)),
      first_error_(OwnDevices(options_.devices), options_.on_error),
      channels_(options_.transport, static_cast<int>(options_.devices.size())) {
  for (Device* device : options_.devices) {
    const int num_devices = static_cast<int>(options_.devices.size());
    lanes_.push_back(device == nullptr ? nullptr : std::make_unique<DeviceLanes>(device, num_devices));
    lane_pointers_.push_back(lanes_.back().get());
  }
  options_.transport->SetErrorSink([this](const absl::Status& status) { FailByTransport(status); });
}

Executor::~Executor() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    task_begins_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
  options_.transport->SetErrorSink(nullptr);
  // After a failed step, transfers may still be on their way; they must not complete events that are gone.
  ClearTransfers();
}

// Says which instructions wait, since a transport knows none.
void Executor::FailByTransport(const absl::Status& status) {
  std::string message(status.message());
  for (const std::string& position : DescribePositions()) absl::StrAppend(&message, "; ", position);
  absl::Status described(status.code(), message);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { described.SetPayload(url, payload); });
  first_error_.Set(described);
}

absl::Status Executor::StartThreads() {
  threads_.reserve(options_.devices.size());
  for (int device = 0; device < static_cast<int>(options_.devices.size()); ++device) {
    if (options_.devices[device] == nullptr) continue;
    try {
      threads_.emplace_back([this, device] { WorkerMain(device); });
    } catch (const std::system_error& error) {
      return absl::ResourceExhaustedError(
          absl::StrCat("device ", device, ": no thread for its worker: ", error.what()));
    }
  }
  return absl::OkStatus();
}

void Executor::WorkerMain(int device) {
  int64_t last_task = 0;
  for (;;) {
    Task task;
    {
      MutexLock lock(&mutex_);
      while (!stop_ && num_tasks_ == last_task) task_begins_.Wait(&mutex_);
      if (stop_) return;
      last_task = num_tasks_;
      task = task_;
    }
    Perform(task, device);
    MutexLock lock(&mutex_);
    if (--num_running_ == 0) task_ends_.Signal();
  }
}

void Executor::Perform(const Task& task, int device) {
  Worker& worker = *task.program->workers[device];
  if (task.work == Work::kGathers) {
    worker.RunGathers();
  } else if (task.work == Work::kStep) {
    worker.RunStep(task.step_start, task.trace == nullptr ? nullptr : &task.trace->devices[device]);
  } else if (absl::Status status = worker.Setup(); !status.ok()) {
    first_error_.Set(absl::Status(status.code(), absl::StrCat("device ", device, ": ", status.message())));
  }
}

void Executor::Begin(const Task& task) {
  MutexLock lock(&mutex_);
  task_ = task;
  num_running_ = static_cast<int>(threads_.size());
  ++num_tasks_;
  task_begins_.SignalAll();
}

absl::Status Executor::PrepareTrace(const Program& program, Trace* trace) {
  if (trace == nullptr) return absl::OkStatus();
  trace->devices.resize(program.devices.size());
  for (size_t device = 0; device < trace->devices.size(); ++device) {
    if (options_.devices[device] == nullptr) continue;
    trace->devices[device].resize(program.devices[device].instructions.size());
    BATON_RETURN_IF_ERROR(options_.devices[device]->SetClock());
  }
  return absl::OkStatus();
}

absl::Status Executor::RunStep(ProgramHandle program, Trace* trace, const std::function<void()>& meanwhile) {
  return RunEverywhere(program, Work::kStep, trace, meanwhile);
}

absl::Status Executor::RunGathers(ProgramHandle program) {
  return RunEverywhere(program, Work::kGathers, nullptr, nullptr);
}

absl::Status Executor::RunEverywhere(ProgramHandle program, Work work, Trace* trace,
                                     const std::function<void()>& meanwhile) {
  BATON_RETURN_IF_ERROR(BeginStep(program, work, trace));
  absl::Status status;
  size_t num_begun = 0;
  while (num_begun < options_.followers.size() && status.ok()) {
    status = options_.followers[num_begun]->BeginStep(program, work, nullptr);
    if (status.ok()) ++num_begun;
  }
  if (!status.ok()) first_error_.Set(status);  // those that have begun must not wait for the others
  if (meanwhile) meanwhile();
  status = FinishStep(program);
  for (size_t i = 0; i < num_begun; ++i) status.Update(options_.followers[i]->FinishStep(program));
  return status;
}

absl::Status Executor::BeginStep(ProgramHandle program, Work work, Trace* trace) {
  BATON_ASSIGN_OR_RETURN(LoadedProgram * loaded, Find(program));
  if (first_error_.is_set()) return first_error_.status();
  BATON_RETURN_IF_ERROR(PrepareTrace(*loaded->program, trace));
  loaded->watchdog->Restart();
  step_start_ = SteadyNow();
  Begin({loaded, work, step_start_, trace});
  return absl::OkStatus();
}

absl::Status Executor::FinishStep(ProgramHandle program) {
  AwaitWorkers(programs_[program.index]->watchdog.get());
  return first_error_.status();
}

void Executor::AwaitWorkers(Watchdog* watchdog) {
  const absl::Duration period =
      watchdog == nullptr ? absl::InfiniteDuration() : absl::Nanoseconds(watchdog->poll_period_ns());
  for (;;) {
    {
      MutexLock lock(&mutex_);
      bool timed_out = false;
      while (num_running_ > 0 && !timed_out) timed_out = task_ends_.WaitWithTimeout(&mutex_, period);
      if (num_running_ == 0) {
        num_steps_ += task_.work == Work::kSetUp ? 0 : 1;
        task_ = {};
        return;
      }
    }
    if (first_error_.is_set()) continue;  // all are cancelled; workers return when their module calls end
    if (absl::Status status = watchdog->Poll(); !status.ok()) first_error_.Set(std::move(status));
  }
}

void Executor::ClearTransfers() {
  channels_.Reset();
  for (const std::unique_ptr<LoadedProgram>& loaded : programs_) {
    for (const std::unique_ptr<Collective>& collective : loaded->collectives) {
      if (collective != nullptr) collective->Reset();
    }
  }
}

void Executor::Reset() {
  ClearTransfers();
  first_error_.Clear();
}

ExecutorProgress Executor::Progress() const {
  MutexLock lock(&mutex_);
  ExecutorProgress progress;
  progress.num_steps = num_steps_;
  if (task_.program == nullptr || task_.work == Work::kSetUp) return progress;
  for (const std::unique_ptr<Worker>& worker : task_.program->workers) {
    if (worker != nullptr) progress.num_instructions += worker->NumDone();
  }
  return progress;
}

std::vector<std::string> Executor::DescribePositions() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> positions;
  for (size_t device = 0; runs_recorded_ && device < options_.devices.size(); ++device) {
    if (options_.devices[device] == nullptr) continue;
    positions.push_back(absl::StrCat("device ", device, " runs a step that was launched as one graph"));
  }
  if (task_.program == nullptr || task_.work == Work::kSetUp) return positions;
  for (const std::unique_ptr<Worker>& worker : task_.program->workers) {
    std::string position = worker == nullptr ? "" : worker->DescribePosition();
    if (!position.empty()) positions.push_back(std::move(position));
  }
  return positions;
}

}  // namespace baton
