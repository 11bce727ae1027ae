// Each fault of a program is found and named.
#include "runtime/execute/check_executable.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "runtime/execute/testing/pipeline_program.h"

namespace baton {
namespace {

PipelineSpec SplitBackward() {
  PipelineSpec spec;
  spec.num_devices = 3;
  spec.split_backward = true;
  return spec;
}

template <typename Kind>
Kind& FirstOf(Program& program, int device) {
  for (Instruction& instruction : program.devices[device].instructions) {
    if (Kind* operation = std::get_if<Kind>(&instruction.operation)) return *operation;
  }
  FAIL("no such operation");
  return std::get<Kind>(program.devices[device].instructions[0].operation);
}

TEST_CASE("executable: well-formed programs pass") {
  PipelineSpec spec;
  spec.num_devices = GENERATE(1, 2, 5);
  spec.split_backward = GENERATE(false, true);
  spec.reduce = true;
  CHECK(CheckExecutable(MakePipeline(spec)) == absl::OkStatus());
}

TEST_CASE("executable: only a forward-only program may lack gradients") {
  Program program = MakePipeline(SplitBackward());
  for (DeviceProgram& device : program.devices) {
    device.chunks[0].gradients_offset = kNoOffset;
    device.chunks[0].optimizer_offset = kNoOffset;
    device.chunks[0].optimizer_bytes = 0;
  }
  CHECK_THAT(std::string(CheckExecutable(program).message()), Catch::Contains("gradients of chunk 0 at offset -1"));
  program.forward_only = true;
  CHECK(CheckExecutable(program) == absl::OkStatus());
}

TEST_CASE("executable: each fault is found and named") {
  struct Fault {
    const char* message;
    std::function<void(Program&)> inject;
  };
  const Fault faults[] = {
      {"2 chunks are on devices; there are 3",
       [](Program& p) {
         p.placement = ChunkPlacement::Of({0, 1});
       }},
      {"uses replica 1; there are 1",
       [](Program& p) {
         p.placement = ChunkPlacement::OfReplicas({{0, 1, 2}}, std::vector<int32_t>(p.num_micro_batches, 1));
       }},
      {"chunk 1 is on device 9; there are 3",
       [](Program& p) {
         p.placement = ChunkPlacement::Of({0, 9, 2});
       }},
      {"memory of chunk 1, which is not on this device",
       [](Program& p) {
         p.placement = ChunkPlacement::Of({0, 0, 2});
       }},
      {"slot 0 at offset -64", [](Program& p) { p.devices[0].slots[0].offset = -64; }},
      {"outside the arena", [](Program& p) { p.devices[0].slots[0].bytes = INT64_MAX; }},
      {"workspace at offset", [](Program& p) { p.devices[1].workspace_offset = p.devices[1].arena_bytes; }},
      {"optimizer state of chunk 2 at offset", [](Program& p) { p.devices[2].chunks[0].optimizer_offset = -1; }},
      {"parameters of chunk 0 at offset -1",
       [](Program& p) {
         p.forward_only = true;
         p.devices[0].chunks[0].parameters_offset = kNoOffset;
       }},
      {"this device has no memory for chunk 2", [](Program& p) { FirstOf<Forward>(p, 0).chunk = 2; }},
      {"chunk 7 must be from 0 to 2", [](Program& p) { FirstOf<Update>(p, 0).chunk = 7; }},
      {"chunk -1 must be from 0 to 2", [](Program& p) { FirstOf<Load>(p, 0).chunk = -1; }},
      {"slot -1 must be one of the device's", [](Program& p) { FirstOf<Load>(p, 0).slot = kNoSlot; }},
      {"slot -1 must be one of the device's", [](Program& p) { FirstOf<Recv>(p, 1).slot = kNoSlot; }},
      {"saved 99 must be from -1", [](Program& p) { FirstOf<Forward>(p, 0).saved = 99; }},
      {"stash 99 must be from -1", [](Program& p) { FirstOf<BackwardInput>(p, 1).stash = 99; }},
      {"grad_output -2 must be from -1", [](Program& p) { FirstOf<BackwardWeight>(p, 1).grad_output = -2; }},
      {"peer 3 must be from 0 to 2", [](Program& p) { FirstOf<Send>(p, 0).peer = 3; }},
      {"peer 1 must be another device", [](Program& p) { FirstOf<Recv>(p, 1).peer = 1; }},
      {"group 1 must be from 0 to 0", [](Program& p) { FirstOf<AllReduce>(p, 0).group = 1; }},
      {"group 0 has no member on this device",
       [](Program& p) {
         p.reduce_groups[0].members = {1, 2};
       }},
      {"reduce group 0: member 5 must be from 0 to 2",
       [](Program& p) {
         p.reduce_groups[0].members = {0, 5};
       }},
      {"reduce group 0: members: none", [](Program& p) { p.reduce_groups[0].members.clear(); }},
      {"micro_batch -1 must be from 0", [](Program& p) { FirstOf<Forward>(p, 0).micro_batch = -1; }},
      {"micro_batch 99 must be from 0", [](Program& p) { FirstOf<Load>(p, 0).micro_batch = 99; }},
      {"kind 7 must be from 0 to 1", [](Program& p) { FirstOf<Load>(p, 0).kind = static_cast<DataKind>(7); }},
      {"exceed the device's list", [](Program& p) { p.devices[0].instructions[1].num_waits = 1000; }},
      {"exceed the device's list", [](Program& p) { p.devices[0].instructions[1].first_wait = 1000; }},
      {"which is not an earlier one", [](Program& p) { p.devices[1].waits[0] = 1000; }},
      {"which is not an earlier one", [](Program& p) { p.devices[1].waits[0] = -1; }},
      {"a transfer may wait for compute instructions only",
       [](Program& p) {
         // Device 1 begins Recv, Forward, Send; let its Send wait for the Recv.
         Instruction& send = p.devices[1].instructions[2];
         p.devices[1].waits[send.first_wait] = 0;
       }},
  };
  for (const Fault& fault : faults) {
    Program program = MakePipeline(SplitBackward());
    fault.inject(program);
    const absl::Status status = CheckExecutable(program);
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK_THAT(std::string(status.message()), Catch::StartsWith("program: ") && Catch::Contains(fault.message));
  }
}

TEST_CASE("executable: a message names device and instruction") {
  Program program = MakePipeline(SplitBackward());
  FirstOf<Send>(program, 0).peer = 3;
  CHECK(CheckExecutable(program).message() ==
        "program: device 0, instruction 2 (Send activation chunk 0 micro-batch 0 to device 3): peer 3 must be from 0 "
        "to 2");
}

}  // namespace
}  // namespace baton
