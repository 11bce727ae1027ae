// Rehearsals take as long as their costs say, on few cores, and end on a failure.
#include "runtime/rehearse/timed_module.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/execute/executor.h"
#include "runtime/execute/testing/pipeline_program.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

constexpr Nanos kMillisecond = 1'000'000;

// A rehearsal of a pipeline whose chunks all cost the same.
struct Rehearsal {
  Rehearsal(const PipelineSpec& spec, const TimedCosts& costs, Nanos transfer_ns, int64_t watchdog_timeout_ms = 60'000)
      : program(std::make_shared<const Program>(MakePipeline(spec))), transport(TransportOptions(transfer_ns)) {
    ExecutorOptions options;
    for (int index = 0; index < spec.num_devices; ++index) {
      devices.push_back(HostDevice::Create(index, RehearsalDeviceOptions()).value());
      modules.push_back(TimedModule::Create(costs).value());
      options.devices.push_back(devices.back().get());
      options.modules.push_back(modules.back().get());
    }
    options.transport = &transport;
    options.watchdog_timeout_ms = watchdog_timeout_ms;
    executor = Executor::Create(program, options).value();
  }

  static LocalTransportOptions TransportOptions(Nanos transfer_ns) {
    LocalTransportOptions options;
    options.link = [transfer_ns](int, int) { return LocalLinkOptions{transfer_ns}; };
    options.moves_data = false;
    return options;
  }

  std::shared_ptr<const Program> program;
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<TimedModule>> modules;
  LocalTransport transport;
  std::unique_ptr<Executor> executor;
};

Nanos EndOf(const Trace& trace) {
  Nanos end = 0;
  for (const std::vector<Interval>& device : trace.devices) {
    for (const Interval& interval : device) end = std::max(end, interval.end);
  }
  return end;
}

TEST_CASE("timed module: no call is shorter than its cost, no transfer shorter than its latency") {
  TimedCosts costs;
  costs.forward_ns = 2 * kMillisecond;
  costs.backward_input_ns = 3 * kMillisecond;
  costs.backward_weight_ns = 1 * kMillisecond;
  costs.update_ns = 4 * kMillisecond;
  costs.load_ns = kMillisecond / 2;
  constexpr Nanos kTransfer = kMillisecond / 4;
  PipelineSpec spec;
  spec.num_devices = 3;
  spec.split_backward = GENERATE(false, true);
  Rehearsal rehearsal(spec, costs, kTransfer);
  Trace trace;
  REQUIRE(rehearsal.executor->RunStep(&trace) == absl::OkStatus());
  for (int device = 0; device < spec.num_devices; ++device) {
    const std::vector<Instruction>& instructions = rehearsal.program->devices[device].instructions;
    for (size_t index = 0; index < instructions.size(); ++index) {
      const Interval& interval = trace.devices[device][index];
      const Nanos least =
          std::visit(Overloaded{
                         [&](const Load&) { return costs.load_ns; },
                         [&](const Forward&) { return costs.forward_ns; },
                         [&](const Backward&) { return costs.backward_input_ns + costs.backward_weight_ns; },
                         [&](const BackwardInput&) { return costs.backward_input_ns; },
                         [&](const BackwardWeight&) { return costs.backward_weight_ns; },
                         [&](const Recompute&) { return costs.recompute_ns; },
                         [&](const Send&) { return kTransfer; },
                         [&](const Recv&) { return kTransfer; },
                         [&](const AllReduce&) { return Nanos{0}; },
                         [&](const AllGather&) { return Nanos{0}; },
                         [&](const ReduceScatter&) { return Nanos{0}; },
                         [&](const Update&) { return costs.update_ns; },
                     },
                     instructions[index].operation);
      CHECK(interval.end - interval.start >= least);
    }
  }
}

// For 1F1B with F = 2 ms and B = 4 ms the critical path is (m + p − 1)(F + B). A run that takes no less kept every
// dependence. How much more it takes depends on the machine and is only printed.
TEST_CASE("timed module: a rehearsal of 1F1B takes at least its critical path") {
  TimedCosts costs;
  costs.forward_ns = 2 * kMillisecond;
  costs.backward_input_ns = costs.backward_weight_ns = 2 * kMillisecond;
  PipelineSpec spec;
  spec.num_devices = 8;
  spec.num_micro_batches = 32;
  spec.reduce = false;
  Rehearsal rehearsal(spec, costs, 0);
  Trace trace;
  for (int step = 0; step < 2; ++step) {
    REQUIRE(rehearsal.executor->RunStep(&trace) == absl::OkStatus());
    const Nanos predicted = (32 + 8 - 1) * 6 * kMillisecond;
    const Nanos measured = EndOf(trace);
    CHECK(measured >= predicted);
    Nanos busy = 0;
    for (size_t device = 0; device < trace.devices.size(); ++device) {
      for (size_t index = 0; index < trace.devices[device].size(); ++index) {
        if (!IsCompute(rehearsal.program->devices[device].instructions[index].operation)) continue;
        busy += trace.devices[device][index].end - trace.devices[device][index].start;
      }
    }
    const double bubble = 1.0 - static_cast<double>(busy) / static_cast<double>(8 * measured);
    std::printf("1f1b 8 x 32: predicted %.2f ms, measured %.2f ms; bubble predicted %.2f %%, measured %.2f %%\n",
                1e-6 * static_cast<double>(predicted), 1e-6 * static_cast<double>(measured), 100.0 * 7 / 39,
                100 * bubble);
    // Idle time can only be lost to lateness, never to missing work.
    CHECK(busy >= 8 * 32 * 6 * kMillisecond);
  }
}

TEST_CASE("timed module: 64 devices on few cores") {
  TimedCosts costs;
  costs.forward_ns = costs.backward_input_ns = costs.backward_weight_ns = kMillisecond;
  PipelineSpec spec;
  spec.num_devices = 64;
  spec.num_micro_batches = 8;
  Rehearsal rehearsal(spec, costs, 0);
  Trace trace;
  REQUIRE(rehearsal.executor->RunStep(&trace) == absl::OkStatus());
  const Nanos predicted = (8 + 64 - 1) * 3 * kMillisecond;
  CHECK(EndOf(trace) >= predicted);
  std::printf("1f1b 64 x 8: predicted %.2f ms, measured %.2f ms\n", 1e-6 * static_cast<double>(predicted),
              1e-6 * static_cast<double>(EndOf(trace)));
}

TEST_CASE("timed module: an arena of a model that does not fit the machine costs nothing") {
  PipelineSpec spec;
  spec.slot_bytes = Bytes{16} << 30;
  Rehearsal rehearsal(spec, {}, 0);
  CHECK(rehearsal.executor->RunStep(nullptr) == absl::OkStatus());
}

TEST_CASE("timed module: a failure on one device ends an hour's work of another") {
  TimedCosts hour;
  hour.forward_ns = 3'600'000 * kMillisecond;
  PipelineSpec spec;
  // The watchdog is the failure here: device 0 sleeps in its Forward, device 1 waits for it.
  Rehearsal rehearsal(spec, hour, 0, /*watchdog_timeout_ms=*/50);
  const absl::Status status = rehearsal.executor->RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("device 0 runs instruction 1 (Forward chunk 0 micro-batch 0)"));
}

TEST_CASE("timed module: a negative cost is refused by name") {
  TimedCosts costs;
  costs.update_ns = -5;
  CHECK(TimedModule::Create(costs).status() == absl::InvalidArgumentError("update_ns is -5; it must not be negative"));
}

}  // namespace
}  // namespace baton
