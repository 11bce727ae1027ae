// Starting, waking and joining the workers; preparing and ending a step.
#include "runtime/execute/executor.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/execute/check_executable.h"

namespace baton {
namespace {

constexpr int64_t kNanosPerMillisecond = 1'000'000;
constexpr int64_t kMaxTimeoutMilliseconds = int64_t{365} * 24 * 3'600 * 1'000;  // a year; so that no time overflows

absl::Status CheckOptions(const Program& program, const ExecutorOptions& options) {
  if (options.devices.size() != program.devices.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices: ", options.devices.size(), " for a program that runs on ", program.devices.size()));
  }
  for (size_t index = 0; index < options.devices.size(); ++index) {
    if (options.devices[index] == nullptr || options.devices[index]->index() != static_cast<int>(index)) {
      return absl::InvalidArgumentError(absl::StrCat("devices[", index, "] is not the device with that index"));
    }
  }
  if (options.modules.size() != program.device_of_chunk.size()) {
    return absl::InvalidArgumentError(absl::StrCat("modules: ", options.modules.size(), " for a program of ",
                                                   program.device_of_chunk.size(), " chunks"));
  }
  for (size_t chunk = 0; chunk < options.modules.size(); ++chunk) {
    if (options.modules[chunk] == nullptr)
      return absl::InvalidArgumentError(absl::StrCat("modules[", chunk, "]: null"));
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
  std::unique_ptr<Executor> executor(new Executor(std::move(program), std::move(options)));
  BATON_RETURN_IF_ERROR(executor->Connect());
  BATON_RETURN_IF_ERROR(executor->StartWorkers());
  return executor;
}

Executor::Executor(std::shared_ptr<const Program> program, ExecutorOptions options)
    : program_(std::move(program)), options_(std::move(options)), first_error_(options_.devices) {}

Executor::~Executor() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  step_begins_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status Executor::Connect() {
  const auto num_devices = static_cast<size_t>(program_->num_devices());
  // How many transfers each side posts in a step, which is what a channel must be able to hold.
  std::vector<int> num_sends(num_devices * num_devices), num_receives(num_devices * num_devices);
  for (size_t device = 0; device < num_devices; ++device) {
    for (const Instruction& instruction : program_->devices[device].instructions) {
      if (const auto* send = std::get_if<Send>(&instruction.operation)) ++num_sends[device * num_devices + send->peer];
      if (const auto* recv = std::get_if<Recv>(&instruction.operation)) {
        ++num_receives[recv->peer * num_devices + device];
      }
    }
  }
  channels_.resize(num_devices * num_devices);
  for (size_t pair = 0; pair < channels_.size(); ++pair) {
    const int capacity = std::max(num_sends[pair], num_receives[pair]);
    if (capacity == 0) continue;
    BATON_ASSIGN_OR_RETURN(channels_[pair],
                           options_.transport->CreateChannel(static_cast<int>(pair / num_devices),
                                                             static_cast<int>(pair % num_devices), capacity));
  }
  for (const ReduceGroup& group : program_->reduce_groups) {
    std::vector<int32_t> device_of_member;
    for (int32_t chunk : group.chunks) device_of_member.push_back(program_->device_of_chunk[chunk]);
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Collective> collective,
                           options_.transport->CreateCollective(device_of_member));
    collectives_.push_back(std::move(collective));
  }
  return absl::OkStatus();
}

absl::Status Executor::StartWorkers() {
  const int num_devices = program_->num_devices();
  std::vector<const Worker*> watched;
  for (int device = 0; device < num_devices; ++device) {
    WorkerEnvironment environment;
    environment.program = program_.get();
    environment.device = options_.devices[device];
    environment.modules.resize(static_cast<size_t>(program_->num_chunks));
    for (int chunk = 0; chunk < program_->num_chunks; ++chunk) {
      const int32_t place = program_->PlaceOn(chunk, device);
      if (place >= 0) environment.modules[chunk] = options_.modules[place];
    }
    for (int peer = 0; peer < num_devices; ++peer) {
      environment.send_channels.push_back(channels_[device * num_devices + peer].get());
      environment.receive_channels.push_back(channels_[peer * num_devices + device].get());
    }
    for (const std::unique_ptr<Collective>& collective : collectives_) {
      environment.collectives.push_back(collective.get());
    }
    environment.first_error = &first_error_;
    workers_.push_back(std::make_unique<Worker>(std::move(environment)));
    watched.push_back(workers_.back().get());
  }
  watchdog_ = std::make_unique<Watchdog>(std::move(watched), options_.watchdog_timeout_ms * kNanosPerMillisecond);

  std::unique_lock<std::mutex> lock(mutex_);
  threads_.reserve(static_cast<size_t>(num_devices));
  for (int device = 0; device < num_devices; ++device) {
    try {
      threads_.emplace_back([this, device] { WorkerMain(*workers_[device], device); });
    } catch (const std::system_error& error) {
      first_error_.Set(
          absl::ResourceExhaustedError(absl::StrCat("device ", device, ": no thread for its worker: ", error.what())));
      break;
    }
    ++num_running_;  // under the lock, so before the worker reports back
  }
  step_ends_.wait(lock, [&] { return num_running_ == 0; });
  return first_error_.status();
}

void Executor::WorkerMain(Worker& worker, int device) {
  if (absl::Status status = worker.Setup(); !status.ok()) {
    first_error_.Set(absl::Status(status.code(), absl::StrCat("device ", device, ": ", status.message())));
  }
  int64_t last_step = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (--num_running_ == 0) step_ends_.notify_one();
    step_begins_.wait(lock, [&] { return stop_ || step_ != last_step; });
    if (stop_) return;
    last_step = step_;
    const Nanos step_start = step_start_;
    std::vector<Interval>* intervals = trace_ == nullptr ? nullptr : &trace_->devices[device];
    lock.unlock();
    worker.RunStep(step_start, intervals);
    lock.lock();
  }
}

absl::Status Executor::PrepareTrace(Trace* trace) {
  if (trace == nullptr) return absl::OkStatus();
  trace->devices.resize(program_->devices.size());
  for (size_t device = 0; device < trace->devices.size(); ++device) {
    trace->devices[device].resize(program_->devices[device].instructions.size());
    BATON_RETURN_IF_ERROR(options_.devices[device]->SetClock());
  }
  return absl::OkStatus();
}

absl::Status Executor::RunStep(Trace* trace, const std::function<void()>& meanwhile) {
  if (first_error_.is_set()) return first_error_.status();
  BATON_RETURN_IF_ERROR(PrepareTrace(trace));
  watchdog_->Restart();
  std::unique_lock<std::mutex> lock(mutex_);
  trace_ = trace;
  num_running_ = program_->num_devices();
  ++step_;
  step_start_ = SteadyNow();
  step_begins_.notify_all();
  if (meanwhile) {
    lock.unlock();
    meanwhile();
    lock.lock();
  }
  AwaitWorkers(lock);
  return first_error_.status();
}

void Executor::AwaitWorkers(std::unique_lock<std::mutex>& lock) {
  const auto all_back = [&] { return num_running_ == 0; };
  const std::chrono::nanoseconds period(watchdog_->poll_period_ns());
  while (!step_ends_.wait_for(lock, period, all_back)) {
    if (first_error_.is_set()) continue;  // cancelled already; workers come back when their module calls end
    lock.unlock();
    if (absl::Status status = watchdog_->Poll(); !status.ok()) first_error_.Set(std::move(status));
    lock.lock();
  }
}

void Executor::Reset() {
  for (const std::unique_ptr<Channel>& channel : channels_) {
    if (channel != nullptr) channel->Reset();
  }
  for (const std::unique_ptr<Collective>& collective : collectives_) collective->Reset();
  first_error_.Clear();
}

ChunkState Executor::StateOf(int place) const {
  return workers_[program_->device_of_chunk[place]]->StateOf(place % program_->num_chunks);
}

Bytes Executor::PeakArenaBytes(int device) const { return workers_[device]->PeakArenaBytes(); }

}  // namespace baton
