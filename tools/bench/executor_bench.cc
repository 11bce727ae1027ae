// The executor's overhead: steps of programs whose modules do nothing. `per_instruction` is the wall-clock time of a
// step divided by the number of instructions of all devices.
//   bazel run //tools/bench:executor_bench
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/execute/testing/pipeline_program.h"
#include "runtime/rehearse/timed_module.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

// Arguments: devices; micro-batches; spin: 1 if blocked waits poll for a while before they sleep, 0 if they sleep at
// once.
void BM_EmptyStep(benchmark::State& state) {
  PipelineSpec spec;
  spec.num_devices = static_cast<int>(state.range(0));
  spec.num_micro_batches = static_cast<int>(state.range(1));
  auto program = std::make_shared<const Program>(MakePipeline(spec));
  HostDeviceOptions device_options;
  if (state.range(2) == 0) device_options.spin_ns = 0;
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<TimedModule>> modules;
  LocalTransport transport;
  ExecutorOptions options;
  for (int index = 0; index < spec.num_devices; ++index) {
    devices.push_back(HostDevice::Create(index, device_options).value());
    modules.push_back(TimedModule::Create({}).value());
    options.devices.push_back(devices.back().get());
    options.modules.push_back(modules.back().get());
  }
  options.transport = &transport;
  auto executor = Executor::Create(program, options);
  if (!executor.ok()) return state.SkipWithError("the executor cannot be made");
  Trace trace;
  for (auto _ : state) {
    if (!(*executor)->RunStep(&trace).ok()) return state.SkipWithError("a step failed");
  }
  int64_t num_instructions = 0;
  for (const DeviceProgram& device : program->devices) {
    num_instructions += static_cast<int64_t>(device.instructions.size());
  }
  state.counters["instructions"] = static_cast<double>(num_instructions);
  state.counters["per_instruction"] =
      benchmark::Counter(static_cast<double>(num_instructions),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_EmptyStep)
    ->ArgNames({"devices", "micro_batches", "spin"})
    ->Args({1, 8, 1})
    ->Args({1, 1000, 1})
    ->Args({2, 8, 1})
    ->Args({2, 100, 1})
    ->Args({2, 1000, 1})
    ->Args({2, 1000, 0})
    ->UseRealTime();

}  // namespace
}  // namespace baton

BENCHMARK_MAIN();
