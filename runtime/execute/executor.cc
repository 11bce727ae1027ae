// Starting, waking and joining the workers; adding programs; preparing and ending a step.
#include "runtime/execute/executor.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/execute/check_executable.h"

namespace baton {
namespace {

constexpr int64_t kNanosPerMillisecond = 1'000'000;
constexpr int64_t kMaxTimeoutMilliseconds = int64_t{365} * 24 * 3'600 * 1'000;  // a year; so that no time overflows

std::vector<Device*> OwnDevices(const std::vector<Device*>& devices) {
  std::vector<Device*> own;
  std::copy_if(devices.begin(), devices.end(), std::back_inserter(own),
               [](Device* device) { return device != nullptr; });
  return own;
}

absl::Status CheckOptions(const Program& program, const ExecutorOptions& options) {
  if (options.devices.size() != program.devices.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices: ", options.devices.size(), " for a program that runs on ", program.devices.size()));
  }
  if (OwnDevices(options.devices).empty()) return absl::InvalidArgumentError("devices: none is in this process");
  for (size_t index = 0; index < options.devices.size(); ++index) {
    if (options.devices[index] != nullptr && options.devices[index]->index() != static_cast<int>(index)) {
      return absl::InvalidArgumentError(absl::StrCat("devices[", index, "] is not the device with that index"));
    }
  }
  if (options.modules.size() != program.placement.replicas().size()) {
    return absl::InvalidArgumentError(absl::StrCat("modules: ", options.modules.size(), " for a program of ",
                                                   program.placement.replicas().size(), " replicas of chunks"));
  }
  for (size_t i = 0; i < options.modules.size(); ++i) {
    const int device = program.placement.replicas()[i].device;
    const bool is_here = options.devices[device] != nullptr;
    if (is_here == (options.modules[i] != nullptr)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("modules[", i, is_here ? "]: null" : "]: a module of device ",
                     is_here ? "" : absl::StrCat(device, ", which is in another process")));
  }
  if (options.transport == nullptr) return absl::InvalidArgumentError("transport: null");
  if (options.watchdog_timeout_ms < 1 || options.watchdog_timeout_ms > kMaxTimeoutMilliseconds) {
    return absl::InvalidArgumentError(absl::StrCat("watchdog_timeout_ms is ", options.watchdog_timeout_ms,
                                                   "; it must be from 1 to ", kMaxTimeoutMilliseconds));
  }
  return absl::OkStatus();
}

}  // namespace

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

absl::Status Executor::CheckSharing(const Program& program) const {
  if (programs_.empty()) return absl::OkStatus();
  const Program& first = *programs_.front()->program;
  if (program.placement.replicas() != first.placement.replicas()) {
    return absl::InvalidArgumentError("program: places its chunks on other devices than the first program");
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    for (const ChunkMemory& memory : program.devices[device].chunks) {
      if (memory.parameter_bytes == 0 && memory.optimizer_bytes == 0) continue;
      return absl::InvalidArgumentError(absl::StrCat("program: device ", device,
                                                     " asks for memory for parameters of chunk ", memory.chunk,
                                                     ", which are those of the first program"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ProgramHandle> Executor::AddProgram(std::shared_ptr<const Program> program, bool shares_slots) {
  for (Executor* follower : options_.followers) {
    BATON_RETURN_IF_ERROR(follower->AddOwnProgram(program, shares_slots).status());
  }
  return AddOwnProgram(std::move(program), shares_slots);
}

absl::StatusOr<ProgramHandle> Executor::AddOwnProgram(std::shared_ptr<const Program> program, bool shares_slots) {
  if (program == nullptr) return absl::InvalidArgumentError("program: null");
  if (first_error_.is_set()) return first_error_.status();
  BATON_RETURN_IF_ERROR(CheckExecutable(*program));
  BATON_RETURN_IF_ERROR(CheckOptions(*program, options_));
  BATON_RETURN_IF_ERROR(CheckSharing(*program));
  SharedByPrograms shared;
  shared.devices = options_.devices;
  shared.modules = options_.modules;
  shared.lanes = lane_pointers_;
  shared.channels = &channels_;
  shared.transport = options_.transport;
  shared.first_error = &first_error_;
  for (int device = 0; shares_slots && device < program->num_devices(); ++device) {
    const Worker* worker = programs_.front()->workers[device].get();
    shared.arenas.push_back(worker == nullptr ? nullptr : worker->SlotsFor(program->devices[device].arena_bytes));
  }
  shared.watchdog_timeout_ns = options_.watchdog_timeout_ms * kNanosPerMillisecond;
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<LoadedProgram> loaded, LoadedProgram::Create(std::move(program), shared));
  Task task;
  task.program = loaded.get();
  task.sets_up = true;
  Begin(task);
  AwaitWorkers(/*watchdog=*/nullptr);
  if (absl::Status status = first_error_.status(); !status.ok()) {
    first_error_.Clear();
    return status;
  }
  programs_.push_back(std::move(loaded));
  return ProgramHandle{static_cast<int>(programs_.size()) - 1};
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
  if (!task.sets_up) {
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

absl::StatusOr<LoadedProgram*> Executor::Find(ProgramHandle program) const {
  if (program.index >= 0 && program.index < static_cast<int>(programs_.size())) return programs_[program.index].get();
  return absl::InvalidArgumentError(
      absl::StrCat("program: ", program.index, "; this executor has programs 0 to ", programs_.size() - 1));
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
  BATON_RETURN_IF_ERROR(BeginStep(program, trace));
  absl::Status status;
  size_t num_begun = 0;
  while (num_begun < options_.followers.size() && status.ok()) {
    status = options_.followers[num_begun]->BeginStep(program, nullptr);
    if (status.ok()) ++num_begun;
  }
  if (!status.ok()) first_error_.Set(status);  // those that have begun must not wait for the others
  if (meanwhile) meanwhile();
  status = FinishStep(program);
  for (size_t i = 0; i < num_begun; ++i) status.Update(options_.followers[i]->FinishStep(program));
  return status;
}

absl::Status Executor::BeginStep(ProgramHandle program, Trace* trace) {
  BATON_ASSIGN_OR_RETURN(LoadedProgram * loaded, Find(program));
  if (first_error_.is_set()) return first_error_.status();
  BATON_RETURN_IF_ERROR(PrepareTrace(*loaded->program, trace));
  loaded->watchdog->Restart();
  step_start_ = SteadyNow();
  Begin({loaded, /*sets_up=*/false, step_start_, trace});
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
        num_steps_ += task_.sets_up ? 0 : 1;
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
  if (task_.program == nullptr || task_.sets_up) return progress;
  for (const std::unique_ptr<Worker>& worker : task_.program->workers) {
    if (worker != nullptr) progress.num_instructions += worker->NumDone();
  }
  return progress;
}

std::vector<std::string> Executor::DescribePositions() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> positions;
  if (task_.program == nullptr || task_.sets_up) return positions;
  for (const std::unique_ptr<Worker>& worker : task_.program->workers) {
    std::string position = worker == nullptr ? "" : worker->DescribePosition();
    if (!position.empty()) positions.push_back(std::move(position));
  }
  return positions;
}

ChunkState Executor::StateOf(int replica_index) const {
  const LoadedProgram& first = *programs_.front();
  const ChunkReplica& replica = first.program->placement.replicas()[replica_index];
  const Worker* worker = first.workers[replica.device].get();
  return worker == nullptr ? ChunkState() : worker->StateOf(replica.chunk);
}

Bytes Executor::PeakArenaBytes(int device, ProgramHandle program) const {
  const Worker* worker = programs_[program.index]->workers[device].get();
  return worker == nullptr ? 0 : worker->PeakArenaBytes();
}

}  // namespace baton
