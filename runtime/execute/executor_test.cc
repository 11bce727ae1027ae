// Whole steps through a pipeline: values, order, memory, and options that are refused.
#include "runtime/execute/executor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "runtime/execute/testing/pipeline_harness.h"
#include "runtime/execute/testing/trace_faults.h"
#include "runtime/execute/testing/uneven_module.h"

namespace baton {
namespace {

PipelineSpec MakeSpec(int num_devices, int num_micro_batches, bool split_backward) {
  PipelineSpec spec;
  spec.num_devices = num_devices;
  spec.num_micro_batches = num_micro_batches;
  spec.split_backward = split_backward;
  return spec;
}

// The n-th Send of a lane and the n-th Recv of the lane that it meets share their start and end.
int CountTransferFaults(const Program& program, const Trace& trace, int* num_transfers) {
  int faults = 0;
  for (int from = 0; from < program.num_devices(); ++from) {
    for (int to = 0; to < program.num_devices(); ++to) {
      std::vector<Interval> sends, receives;
      for (size_t index = 0; index < trace.devices[from].size(); ++index) {
        const auto* send = std::get_if<Send>(&program.devices[from].instructions[index].operation);
        if (send != nullptr && send->peer == to) sends.push_back(trace.devices[from][index]);
      }
      for (size_t index = 0; index < trace.devices[to].size(); ++index) {
        const auto* recv = std::get_if<Recv>(&program.devices[to].instructions[index].operation);
        if (recv != nullptr && recv->peer == from) receives.push_back(trace.devices[to][index]);
      }
      faults += sends.size() != receives.size();
      for (size_t n = 0; n < std::min(sends.size(), receives.size()); ++n) {
        ++*num_transfers;
        faults += sends[n].start != receives[n].start;
        faults += sends[n].end != receives[n].end;
        faults += n > 0 && sends[n].start < sends[n - 1].start;
      }
    }
  }
  return faults;
}

TEST_CASE("executor: values flow through the pipeline, step after step") {
  const int num_devices = GENERATE(1, 2, 3, 4);
  const int num_micro_batches = GENERATE(1, 2, 5, 8);
  const bool split_backward = GENERATE(false, true);
  CAPTURE(num_devices, num_micro_batches, split_backward);
  PipelineHarness harness(MakeSpec(num_devices, num_micro_batches, split_backward));
  REQUIRE(harness.Start() == absl::OkStatus());
  Trace trace;
  for (int step = 1; step <= 3; ++step) {
    REQUIRE(harness.executor().RunStep(step == 2 ? nullptr : &trace) == absl::OkStatus());
    CHECK(CountTraceFaults(harness.program(), trace) == 0);
    int num_transfers = 0;
    CHECK(CountTransferFaults(harness.program(), trace, &num_transfers) == 0);
    CHECK(num_transfers == 2 * (num_devices - 1) * num_micro_batches);
    for (int chunk = 0; chunk < num_devices; ++chunk) {
      const ArithmeticModule& module = harness.module(chunk);
      for (int j = 0; j < module.num_elements(); ++j) CHECK(module.Parameter(j) == module.ExpectedParameter(step));
    }
  }
}

TEST_CASE("executor: values are right however uneven the calls are") {
  PipelineSpec spec = MakeSpec(4, 9, GENERATE(false, true));
  PipelineHarness harness(spec);
  std::vector<std::unique_ptr<UnevenModule>> modules;
  for (StageModule*& module : harness.options().modules) {
    modules.push_back(std::make_unique<UnevenModule>(module, static_cast<uint32_t>(modules.size()) + 1));
    module = modules.back().get();
  }
  REQUIRE(harness.Start() == absl::OkStatus());
  Trace trace;
  for (int step = 1; step <= 10; ++step) {
    REQUIRE(harness.executor().RunStep(&trace) == absl::OkStatus());
    CHECK(CountTraceFaults(harness.program(), trace) == 0);
    for (int chunk = 0; chunk < spec.num_devices; ++chunk) {
      CHECK(harness.module(chunk).Parameter(0) == harness.module(chunk).ExpectedParameter(step));
    }
  }
}

TEST_CASE("executor: a receive is posted before compute that it does not wait for") {
  PipelineSpec spec = MakeSpec(3, 4, false);
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  Trace trace;
  REQUIRE(harness.executor().RunStep(&trace) == absl::OkStatus());
  // Device 1 keeps two micro-batches, so the second receive can be ready before the first forward runs; in the
  // program it stands behind it.
  const std::vector<Instruction>& instructions = harness.program().devices[1].instructions;
  size_t second_receive = 0, first_forward = 0;
  for (size_t index = 0; index < instructions.size(); ++index) {
    const auto* recv = std::get_if<Recv>(&instructions[index].operation);
    if (recv != nullptr && recv->payload == Payload::kActivation && recv->micro_batch == 1) second_receive = index;
    const auto* forward = std::get_if<Forward>(&instructions[index].operation);
    if (forward != nullptr && forward->micro_batch == 0) first_forward = index;
  }
  REQUIRE(second_receive > first_forward);
  const std::vector<Interval>& intervals = trace.devices[1];
  // Ready when the lane's first receive was matched, which the forward has waited for.
  CHECK(intervals[second_receive].ready <= intervals[first_forward].start);
}

TEST_CASE("executor: exactly the arena that the program asks for is handed out") {
  PipelineSpec spec = MakeSpec(3, 5, GENERATE(false, true));
  spec.slot_bytes = 128;
  spec.state_bytes = 128;
  spec.workspace_bytes = 128;
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  for (int device = 0; device < spec.num_devices; ++device) {
    CHECK(harness.executor().PeakArenaBytes(device) < harness.program().devices[device].arena_bytes);
  }
  REQUIRE(harness.executor().RunStep(nullptr) == absl::OkStatus());
  for (int device = 0; device < spec.num_devices; ++device) {
    CHECK(harness.executor().PeakArenaBytes(device) == harness.program().devices[device].arena_bytes);
  }
}

TEST_CASE("executor: a program without a slot in use shows a lower peak than it asks for") {
  PipelineSpec spec = MakeSpec(1, 2, false);
  Program program = MakePipeline(spec);
  program.devices[0].arena_bytes += 4096;
  PipelineHarness harness(spec, program);
  REQUIRE(harness.Start() == absl::OkStatus());
  REQUIRE(harness.executor().RunStep(nullptr) == absl::OkStatus());
  CHECK(harness.executor().PeakArenaBytes(0) == program.devices[0].arena_bytes - 4096);
}

TEST_CASE("executor: StateOf points into the arena where the program says") {
  PipelineSpec spec = MakeSpec(2, 1, false);
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  const ChunkState state = harness.executor().StateOf(1);
  const ChunkMemory& memory = harness.program().devices[1].chunks[0];
  REQUIRE(state.parameters != nullptr);
  CHECK(state.gradients - state.parameters == memory.gradients_offset - memory.parameters_offset);
  CHECK(state.optimizer - state.parameters == memory.optimizer_offset - memory.parameters_offset);
}

TEST_CASE("executor: 64 devices on few cores") {
  PipelineHarness harness(MakeSpec(64, 3, false));
  REQUIRE(harness.Start() == absl::OkStatus());
  Trace trace;
  REQUIRE(harness.executor().RunStep(&trace) == absl::OkStatus());
  CHECK(CountTraceFaults(harness.program(), trace) == 0);
}

TEST_CASE("executor: options that do not fit the program are refused by name") {
  PipelineHarness harness(MakeSpec(2, 1, false));
  ExecutorOptions& options = harness.options();
  auto message = [&] {
    const absl::Status status = harness.Start();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  SECTION("devices missing") {
    options.devices.pop_back();
    CHECK(message() == "devices: 1 for a program that runs on 2");
  }
  SECTION("devices swapped") {
    std::swap(options.devices[0], options.devices[1]);
    CHECK(message() == "devices[0] is not the device with that index");
  }
  SECTION("modules missing") {
    options.modules.pop_back();
    CHECK(message() == "modules: 1 for a program of 2 replicas of chunks");
  }
  SECTION("a null module") {
    options.modules[1] = nullptr;
    CHECK(message() == "modules[1]: null");
  }
  SECTION("a module of a device that is in another process") {
    options.devices[1] = nullptr;
    CHECK(message() == "modules[1]: a module of device 1, which is in another process");
  }
  SECTION("no device here") {
    options.devices = {nullptr, nullptr};
    CHECK(message() == "devices: none is in this process");
  }
  SECTION("no transport") {
    options.transport = nullptr;
    CHECK(message() == "transport: null");
  }
  SECTION("no timeout") {
    options.watchdog_timeout_ms = 0;
    CHECK_THAT(message(), Catch::StartsWith("watchdog_timeout_ms is 0; it must be from 1 to "));
  }
}

TEST_CASE("executor: an arena that a device cannot give fails Create and leaves no thread") {
  PipelineSpec spec = MakeSpec(3, 1, false);
  Program program = MakePipeline(spec);
  program.devices[1].arena_bytes = Bytes{1} << 48;
  PipelineHarness harness(spec, program);
  const absl::Status status = harness.Start();
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(status.message()), Catch::StartsWith("device 1: an arena of 281474976710656 bytes"));
}

TEST_CASE("executor: a program without devices is refused") {
  PipelineHarness harness(MakeSpec(0, 1, false), Program());
  CHECK(harness.Start() == absl::InternalError("program: there are 0 chunks; there must be at least 1"));
}

TEST_CASE("executor: what is to run meanwhile does, on the calling thread") {
  PipelineHarness harness(PipelineSpec{});
  REQUIRE(harness.Start().ok());
  std::thread::id ran_on;
  REQUIRE(harness.executor().RunStep(nullptr, [&] { ran_on = std::this_thread::get_id(); }).ok());
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("executor: host devices record no graphs; an order of another program is refused") {
  PipelineHarness harness(PipelineSpec{});
  REQUIRE(harness.Start().ok());
  Trace order;
  CHECK(harness.executor().RecordStep({}, order, false).status().code() == absl::StatusCode::kInternal);
  REQUIRE(harness.executor().RunStep(&order).ok());
  CHECK(harness.executor().RecordStep({}, order, false).status().code() == absl::StatusCode::kUnimplemented);
  order.devices[0].pop_back();
  CHECK(harness.executor().RecordStep({}, order, false).status().code() == absl::StatusCode::kInternal);
  CHECK(harness.executor().RunStep(nullptr).ok());
}

}  // namespace
}  // namespace baton
