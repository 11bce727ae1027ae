// Several programs on one executor: they share devices, lanes and parameters, and have arenas of their own.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/execute/testing/pipeline_harness.h"
#include "runtime/execute/testing/trace_faults.h"

namespace baton {
namespace {

PipelineSpec MakeSpec(int num_devices, int num_micro_batches, bool split_backward) {
  PipelineSpec spec;
  spec.num_devices = num_devices;
  spec.num_micro_batches = num_micro_batches;
  spec.split_backward = split_backward;
  return spec;
}

// Whether an instruction belongs to a forward pass.
bool IsForwardPart(const Operation& operation) {
  if (const auto* send = std::get_if<Send>(&operation)) return send->payload == Payload::kActivation;
  if (const auto* recv = std::get_if<Recv>(&operation)) return recv->payload == Payload::kActivation;
  return std::holds_alternative<Load>(operation) || std::holds_alternative<Forward>(operation);
}

// The forwards of `program` alone, without memory for parameters. A slot that a backward pass was the last to read is
// free when its forward pass is done.
Program ForwardsOf(const Program& program) {
  Program forwards = program;
  forwards.forward_only = true;
  forwards.reduce_groups.clear();
  for (size_t index = 0; index < forwards.devices.size(); ++index) {
    const DeviceProgram& all = program.devices[index];
    DeviceProgram& device = forwards.devices[index];
    device.instructions.clear();
    device.waits.clear();
    std::vector<int32_t> moved_to;  // [instruction of `all`] → of `device`; −1: nothing to wait for
    std::vector<int32_t> forward_of(program.num_micro_batches, -1);
    for (const Instruction& instruction : all.instructions) {
      if (!IsForwardPart(instruction.operation)) {
        const auto* backward = std::get_if<Backward>(&instruction.operation);
        const auto* half = std::get_if<BackwardWeight>(&instruction.operation);
        moved_to.push_back(backward != nullptr ? forward_of[backward->micro_batch]
                           : half != nullptr   ? forward_of[half->micro_batch]
                                               : -1);
        continue;
      }
      Instruction moved{instruction.operation, static_cast<uint32_t>(device.waits.size()), 0};
      for (int32_t wait : all.WaitsOf(instruction)) {
        if (moved_to[wait] < 0) continue;
        device.waits.push_back(moved_to[wait]);
        ++moved.num_waits;
      }
      moved_to.push_back(static_cast<int32_t>(device.instructions.size()));
      const auto* forward = std::get_if<Forward>(&instruction.operation);
      if (forward != nullptr) forward_of[forward->micro_batch] = moved_to.back();
      device.instructions.push_back(moved);
    }
    for (ChunkMemory& memory : device.chunks) memory.parameter_bytes = memory.optimizer_bytes = 0;
  }
  return forwards;
}

TEST_CASE("executor: two programs take turns on the same devices, in any order, and share parameters") {
  const PipelineSpec spec = MakeSpec(3, 5, GENERATE(false, true));
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  Executor& executor = harness.executor();
  auto forwards = std::make_shared<const Program>(ForwardsOf(harness.program()));
  const ProgramHandle evaluation = executor.AddProgram(forwards).value();
  CHECK(evaluation.index == 1);
  Trace trace, evaluation_trace;
  int steps = 0;
  for (const bool trains : {false, true, true, false, false, true}) {
    if (trains) {
      REQUIRE(executor.RunStep(&trace) == absl::OkStatus());
      ++steps;
      CHECK(CountTraceFaults(harness.program(), trace) == 0);
    } else {
      REQUIRE(executor.RunStep(evaluation, &evaluation_trace) == absl::OkStatus());
      CHECK(CountTraceFaults(*forwards, evaluation_trace) == 0);
    }
    for (int chunk = 0; chunk < spec.num_devices; ++chunk) {
      CHECK(harness.module(chunk).Parameter(0) == harness.module(chunk).ExpectedParameter(steps));
    }
  }
  CHECK(executor.RunStep(ProgramHandle{2}, nullptr).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("executor: a program that is added gets arenas of its own, and larger channels where it needs them") {
  PipelineHarness harness(MakeSpec(2, 1, false));
  REQUIRE(harness.Start() == absl::OkStatus());
  REQUIRE(harness.executor().RunStep(nullptr) == absl::OkStatus());
  auto forwards = std::make_shared<const Program>(ForwardsOf(MakePipeline(MakeSpec(2, 4, false))));
  const ProgramHandle evaluation = harness.executor().AddProgram(forwards).value();
  REQUIRE(harness.executor().RunStep(evaluation, nullptr) == absl::OkStatus());
  for (int device : {0, 1}) {
    CHECK(harness.executor().PeakArenaBytes(device) == harness.program().devices[device].arena_bytes);
    CHECK(harness.executor().PeakArenaBytes(device, evaluation) > 0);
    CHECK(harness.executor().PeakArenaBytes(device, evaluation) <= forwards->devices[device].arena_bytes);
  }
  REQUIRE(harness.executor().RunStep(nullptr) == absl::OkStatus());
}

TEST_CASE("executor: an error in one program's step stops all programs until a reset") {
  PipelineSpec spec = MakeSpec(2, 2, false);
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  Program broken = ForwardsOf(harness.program());
  for (Slot& slot : broken.devices[1].slots) {
    if (slot.kind == SlotKind::kInput) slot.bytes /= 2;
  }
  const ProgramHandle evaluation = harness.executor().AddProgram(std::make_shared<const Program>(broken)).value();
  const absl::Status status = harness.executor().RunStep(evaluation, nullptr);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(harness.executor().RunStep(nullptr) == status);
  CHECK(harness.executor().AddProgram(std::make_shared<const Program>(broken)).status() == status);
  harness.executor().Reset();
  harness.BindAll();
  CHECK(harness.executor().RunStep(nullptr) == absl::OkStatus());
}

TEST_CASE("executor: a program that does not fit the first one is refused, and the first one still runs") {
  PipelineHarness harness(MakeSpec(2, 1, false));
  REQUIRE(harness.Start() == absl::OkStatus());
  const auto refusal = [&](const Program& program) {
    return harness.executor().AddProgram(std::make_shared<const Program>(program)).status();
  };
  CHECK(
      refusal(harness.program()) ==
      absl::InvalidArgumentError("program: device 0 asks for memory for parameters of chunk 0, which are those of the "
                                 "first program"));
  CHECK(refusal(ForwardsOf(MakePipeline(MakeSpec(3, 1, false)))) ==
        absl::InvalidArgumentError("devices: 2 for a program that runs on 3"));
  Program swapped = ForwardsOf(harness.program());
  swapped.placement = ChunkPlacement::Of({1, 0});
  CHECK_FALSE(refusal(swapped).ok());
  Program large = ForwardsOf(harness.program());
  large.devices[1].arena_bytes = Bytes{1} << 47;
  CHECK(refusal(large).code() == absl::StatusCode::kResourceExhausted);
  CHECK(harness.executor().RunStep(nullptr) == absl::OkStatus());
}

}  // namespace
}  // namespace baton
