// Several chunks on one device: slots passed on without a transfer, several members of one sum, state of each chunk.
#include <catch2/catch.hpp>
#include <memory>

#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/execute/testing/arithmetic_module.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

constexpr Bytes kBlock = 64;

// Device 0: chunks 0 and 1. One micro-batch, no transfers.
Program TwoChunksOnOneDevice() {
  Program program;
  program.num_chunks = 2;
  program.num_micro_batches = 1;
  program.placement = ChunkPlacement::Of({0, 0});
  program.reduce_groups = {{ReduceKind::kGradientNorm, "norm", {0, 1}, sizeof(double)}};
  DeviceProgram device;
  Bytes next = 0;
  auto block = [&] {
    next += kBlock;
    return next - kBlock;
  };
  for (int32_t chunk : {0, 1}) device.chunks.push_back({chunk, block(), block(), block()});
  device.workspace_offset = block();
  device.workspace_bytes = kBlock;
  auto slot = [&](SlotKind kind) {
    device.slots.push_back({kind, kBlock, block()});
    return static_cast<SlotId>(device.slots.size()) - 1;
  };
  const SlotId input = slot(SlotKind::kInput), targets = slot(SlotKind::kTargets), between = slot(SlotKind::kOutput);
  const SlotId saved[] = {slot(SlotKind::kSaved), slot(SlotKind::kSaved)};
  const SlotId saved_weight[] = {slot(SlotKind::kSavedWeight), slot(SlotKind::kSavedWeight)};
  const SlotId gradient = slot(SlotKind::kGradInput);
  device.arena_bytes = next;
  const Operation operations[] = {
      Load{0, 0, DataKind::kInputs, input},
      Forward{0, 0, input, kNoSlot, between, saved[0], saved_weight[0]},
      Load{1, 0, DataKind::kTargets, targets},
      Forward{1, 0, between, targets, kNoSlot, saved[1], saved_weight[1]},
      Backward{1, 0, between, targets, saved[1], saved_weight[1], kNoSlot, gradient},
      Backward{0, 0, input, kNoSlot, saved[0], saved_weight[0], gradient, kNoSlot},
      AllReduce{0},
      Update{0},
      Update{1},
  };
  for (const Operation& operation : operations) device.instructions.push_back({operation, 0, 0});
  device.waits = {5, 6};  // the sum waits for the last Backward, the first Update for the sum
  device.instructions[6].num_waits = 1;
  device.instructions[7].first_wait = 1;
  device.instructions[7].num_waits = 1;
  program.devices.push_back(device);
  return program;
}

TEST_CASE("executor: two chunks of one device pass slots on and take part in one sum") {
  auto program = std::make_shared<const Program>(TwoChunksOnOneDevice());
  auto device = HostDevice::Create(0, {}).value();
  LocalTransport transport;
  ArithmeticModule first(0, 2, 1, kBlock), last(1, 2, 1, kBlock);
  ExecutorOptions options;
  options.devices = {device.get()};
  options.modules = {&first, &last};
  options.transport = &transport;
  auto executor = Executor::Create(program, options).value();
  CHECK(executor->StateOf(1).parameters - executor->StateOf(0).parameters == 3 * kBlock);
  first.Bind(executor->StateOf(0));
  last.Bind(executor->StateOf(1));
  for (int step = 1; step <= 2; ++step) {
    REQUIRE(executor->RunStep(nullptr) == absl::OkStatus());
    CHECK(first.Parameter(0) == first.ExpectedParameter(step));
    CHECK(last.Parameter(0) == last.ExpectedParameter(step));
  }
  CHECK(executor->PeakArenaBytes(0) == program->devices[0].arena_bytes);
}

TEST_CASE("executor: a step that only evaluates hands out only what it touches") {
  Program program = TwoChunksOnOneDevice();
  program.forward_only = true;
  program.devices[0].instructions.resize(4);  // both forwards
  auto shared = std::make_shared<const Program>(program);
  auto device = HostDevice::Create(0, {}).value();
  LocalTransport transport;
  ArithmeticModule first(0, 2, 1, kBlock), last(1, 2, 1, kBlock);
  ExecutorOptions options;
  options.devices = {device.get()};
  options.modules = {&first, &last};
  options.transport = &transport;
  auto executor = Executor::Create(shared, options).value();
  REQUIRE(executor->RunStep(nullptr) == absl::OkStatus());
  // The gradient's slot is the last one of the arena.
  CHECK(executor->PeakArenaBytes(0) == program.devices[0].arena_bytes - kBlock);
}

}  // namespace
}  // namespace baton
