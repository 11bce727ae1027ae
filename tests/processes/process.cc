// Putting a process together.
#include "tests/processes/process.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "runtime/transport/testing/stores.h"
#include "schedules/catalog/catalog.h"
#include "schedules/compile/compile.h"

namespace baton {

std::shared_ptr<const Program> MakeMixProgram(const std::string& schedule, int num_devices, int num_micro_batches,
                                              Bytes bytes) {
  CompileRequest request;
  request.schedule = schedule;
  request.num_stages = num_devices;
  request.num_micro_batches = num_micro_batches;
  request.chunks_per_device = FindSchedule(schedule).value()->default_chunks;
  const int num_chunks = num_devices * request.chunks_per_device;
  request.costs = MixCosts(num_chunks, bytes);
  ReduceGroup norm{ReduceKind::kGradientNorm, "norm", {}, sizeof(double)};
  for (int chunk = 0; chunk < num_chunks; ++chunk) norm.members.push_back(chunk);
  request.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, num_chunks - 1}, bytes}, norm};
  return std::make_shared<const Program>(Compile(request).value());
}

absl::StatusOr<std::unique_ptr<Process>> Process::Create(ProcessOptions options) {
  std::unique_ptr<Process> process(new Process(std::move(options)));
  const ProcessOptions& own = process->options_;
  const Program& program = *own.program;
  ExecutorOptions executor;
  for (int device = 0; device < program.num_devices(); ++device) {
    process->devices_.push_back(own.rank_of_device[device] == own.rank ? HostDevice::Create(device, {}).value()
                                                                       : nullptr);
    executor.devices.push_back(process->devices_.back().get());
  }
  for (size_t i = 0; i < program.placement.replicas().size(); ++i) {
    const bool is_here = executor.devices[program.placement.replicas()[i].device] != nullptr;
    process->modules_.push_back(is_here ? std::make_unique<MixModule>(&program, static_cast<int>(i), own.bytes)
                                        : nullptr);
    executor.modules.push_back(process->modules_.back().get());
  }
  GlooTransportOptions gloo;
  gloo.rank = own.rank;
  gloo.rank_of_device = own.rank_of_device;
  gloo.store = own.store;
  gloo.key_prefix = own.key_prefix;
  BATON_ASSIGN_OR_RETURN(process->gloo_, GlooTransport::Create(gloo));
  BATON_ASSIGN_OR_RETURN(process->router_,
                         Router::Create({own.rank, own.rank_of_device, &process->local_, process->gloo_.get()}));
  executor.transport = process->router_.get();
  if (own.change) own.change(executor);
  BATON_ASSIGN_OR_RETURN(process->executor_, Executor::Create(own.program, executor));
  for (size_t i = 0; i < process->modules_.size(); ++i) {
    if (process->modules_[i] != nullptr) process->modules_[i]->Bind(process->executor_->StateOf(static_cast<int>(i)));
  }
  return process;
}

std::vector<std::vector<float>> Process::Parameters() const {
  std::vector<std::vector<float>> parameters;
  for (const auto& module : modules_) {
    parameters.push_back(module == nullptr ? std::vector<float>() : module->Parameters());
  }
  return parameters;
}

std::vector<std::vector<float>> TrainInOneProcess(const std::shared_ptr<const Program>& program, Bytes bytes,
                                                  int num_steps) {
  MemoryStore store;
  ProcessOptions options;
  options.program = program;
  options.bytes = bytes;
  options.rank_of_device.assign(program->num_devices(), 0);
  options.store = &store;
  auto process = Process::Create(options).value();
  for (int step = 0; step < num_steps; ++step) {
    if (!process->executor().RunStep(nullptr).ok()) return {};
  }
  return process->Parameters();
}

}  // namespace baton
