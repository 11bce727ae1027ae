// Each index out of range is found and named; equality sees every field.
#include "schedules/program/structure.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "absl/types/span.h"
#include "schedules/program/testing/example_program.h"

namespace baton {
namespace {

TEST_CASE("the examples have a sound structure") {
  CHECK(CheckStructure(ExampleProgram()) == absl::OkStatus());
  for (uint32_t seed = 0; seed < 200; ++seed) CHECK(CheckStructure(RandomProgram(seed)) == absl::OkStatus());
}

struct Change {
  std::string message;  // of CheckStructure; empty if the changed program is sound
  void (*apply)(Program&);
};

// Each field, changed to another valid value.
const Change kChangedFields[] = {
    {"", [](Program& p) { p.schedule = "gpipe"; }},
    {"", [](Program& p) { p.forward_only = true; }},
    {"", [](Program& p) { p.num_micro_batches = 3; }},
    {"", [](Program& p) { p.reduce_groups[0].name = "x"; }},
    {"", [](Program& p) { p.reduce_groups[0].kind = ReduceKind::kGradientNorm; }},
    {"", [](Program& p) { p.reduce_groups[0].members = {0}; }},
    {"", [](Program& p) { p.reduce_groups[0].bytes = 1; }},
    {"", [](Program& p) { p.devices[0].workspace_offset = 1; }},
    {"", [](Program& p) { p.devices[0].workspace_bytes = 1; }},
    {"", [](Program& p) { p.devices[0].arena_bytes += 64; }},
    {"", [](Program& p) { p.devices[0].slots[1].kind = SlotKind::kSaved; }},
    {"", [](Program& p) { p.devices[0].slots[1].bytes = 1; }},
    {"", [](Program& p) { p.devices[0].slots[1].offset = 1; }},
    {"", [](Program& p) { p.devices[0].chunks[0].parameters_offset = 1; }},
    {"", [](Program& p) { p.devices[0].chunks[0].gradients_offset = 1; }},
    {"", [](Program& p) { p.devices[0].chunks[0].optimizer_offset = 1; }},
    {"", [](Program& p) { p.devices[0].chunks[0].parameter_bytes += 1; }},
    {"", [](Program& p) { p.devices[0].chunks[0].optimizer_bytes += 1; }},
    {"", [](Program& p) { p.devices[0].chunks.clear(); }},
    {"", [](Program& p) { p.devices[0].instructions.pop_back(); }},
    {"", [](Program& p) { p.devices[0].instructions[2].num_waits = 0; }},
    {"", [](Program& p) { p.devices[0].waits[0] = 0; }},
    {"", [](Program& p) { p.devices[0].instructions[6].operation = Update{0}; }},
    {"", [](Program& p) { std::get<Load>(p.devices[0].instructions[0].operation).kind = DataKind::kTargets; }},
    {"", [](Program& p) { std::get<BackwardWeight>(p.devices[0].instructions[5].operation).stash = 0; }},
};

// Placements and reduce groups out of range.
const Change kChangedShapes[] = {
    {"micro-batches 0 must be from 1 to 1048576", [](Program& p) { p.num_micro_batches = 0; }},
    {"2 chunks are on devices; there are 3 chunks", [](Program& p) { p.num_chunks = 3; }},
    {"",
     [](Program& p) {
       p.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1});
     }},
    {"2 micro-batches have a replica; there are 3 micro-batches",
     [](Program& p) {
       p.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1});
       p.num_micro_batches = 3;
     }},
    {"chunk 1 is on device 2; there are 2 devices",
     [](Program& p) {
       p.placement = ChunkPlacement::Of({0, 2});
     }},
    {"reduce group 0: kind 6 must be from 0 to 5",
     [](Program& p) { p.reduce_groups[0].kind = static_cast<ReduceKind>(kNumReduceKinds); }},
    {"reduce group 0: bytes -1 must be from 0 to 281474976710656", [](Program& p) { p.reduce_groups[0].bytes = -1; }},
    {"reduce group 1: member -1 must be from 0 to 1", [](Program& p) { p.reduce_groups[1].members[0] = -1; }},
    {"reduce group 0: member 0 must be from 1 to 1",
     [](Program& p) {
       p.reduce_groups[0].members = {1, 0};
     }},
    {"reduce group 0: members: none; there must be at least 1", [](Program& p) { p.reduce_groups[0].members.clear(); }},
};

// Arenas, slots and the memory of chunks out of range.
const Change kChangedMemory[] = {
    {"device 1: workspace at offset -1 with 0 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].workspace_offset = -1; }},
    {"device 1: workspace at offset 0 with -1 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].workspace_bytes = -1; }},
    {"device 1: arena bytes 9223372036854775807 must be from 0 to 281474976710656",
     [](Program& p) { p.devices[1].arena_bytes = std::numeric_limits<Bytes>::max(); }},
    {"device 1: slot 0: kind 10 must be from 0 to 9",
     [](Program& p) { p.devices[1].slots[0].kind = static_cast<SlotKind>(kNumSlotKinds); }},
    {"device 1: slot 0 at offset 0 with -1 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].slots[0].bytes = -1; }},
    {"device 1: slot 0 at offset -1 with 128 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].slots[0].offset = -1; }},
    {"device 1: slot 0 at offset 385 with 128 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].slots[0].offset = 385; }},
    {"device 1: slot 0 at offset 9223372036854775807 with 128 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].slots[0].offset = std::numeric_limits<Bytes>::max(); }},
    {"device 1: memory of chunk 2 must be from 0 to 1", [](Program& p) { p.devices[1].chunks[0].chunk = 2; }},
    {"device 0: memory of chunk 1, which is not on this device", [](Program& p) { p.devices[0].chunks[0].chunk = 1; }},
    {"device 1: parameters of chunk 1 at offset -1 with 64 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].chunks[0].parameters_offset = -1; }},
    {"device 1: gradients of chunk 1 at offset -1 with 64 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].chunks[0].gradients_offset = -1; }},
    {"device 1: optimizer state of chunk 1 at offset -1 with 64 bytes is outside the arena of 512 bytes",
     [](Program& p) { p.devices[1].chunks[0].optimizer_offset = -1; }},
};

// A forward-only program may have neither gradients nor optimizer state, but no bytes without an offset.
const Change kChangedForwardOnly[] = {
    {"",
     [](Program& p) {
       p.forward_only = true;
       p.devices[1].chunks[0] = {1, 320, kNoOffset, kNoOffset, 64, 0};
     }},
    {"device 1: optimizer state of chunk 1 has 5 bytes but no offset",
     [](Program& p) {
       p.forward_only = true;
       p.devices[1].chunks[0] = {1, 320, kNoOffset, kNoOffset, 64, 5};
     }},
    {"device 1: gradients of chunk 1 at offset -1 with 64 bytes is outside the arena of 512 bytes",
     [](Program& p) {
       p.forward_only = true;
       p.devices[1].chunks[0] = {1, 320, kNoOffset, 448, 64, 64};
     }},
};

// Operands and waits out of range.
const Change kChangedOperands[] = {
    {"device 0, instruction 1: output 6 must be from -1 to 5",
     [](Program& p) { std::get<Forward>(p.devices[0].instructions[1].operation).output = 6; }},
    {"device 0, instruction 1: saved -2 must be from -1 to 5",
     [](Program& p) { std::get<Forward>(p.devices[0].instructions[1].operation).saved = -2; }},
    {"device 0, instruction 1: chunk 2 must be from 0 to 1",
     [](Program& p) { std::get<Forward>(p.devices[0].instructions[1].operation).chunk = 2; }},
    {"device 0, instruction 1: micro_batch 2 must be from 0 to 1",
     [](Program& p) { std::get<Forward>(p.devices[0].instructions[1].operation).micro_batch = 2; }},
    {"device 0, instruction 2: peer 2 must be from 0 to 1",
     [](Program& p) { std::get<Send>(p.devices[0].instructions[2].operation).peer = 2; }},
    {"device 0, instruction 2: peer 0 must be another device",
     [](Program& p) { std::get<Send>(p.devices[0].instructions[2].operation).peer = 0; }},
    {"device 0, instruction 2: payload 2 must be from 0 to 1",
     [](Program& p) { std::get<Send>(p.devices[0].instructions[2].operation).payload = static_cast<Payload>(2); }},
    {"device 0, instruction 6: group 2 must be from 0 to 1",
     [](Program& p) { std::get<AllReduce>(p.devices[0].instructions[6].operation).group = 2; }},
    {"device 0, instruction 2: waits for instruction 2, which is not an earlier one",
     [](Program& p) { p.devices[0].waits[0] = 2; }},
    {"device 0, instruction 2: waits for instruction -1, which is not an earlier one",
     [](Program& p) { p.devices[0].waits[0] = -1; }},
    {"device 0, instruction 8: 4000000000 waits from index 4 on exceed the device's list of 4",
     [](Program& p) { p.devices[0].instructions[8].num_waits = 4000000000u; }},
};

// Applies each change to the example: an invalid program is reported, a valid one is unequal to the example.
void CheckChanges(absl::Span<const Change> changes) {
  const Program original = ExampleProgram();
  for (const Change& change : changes) {
    INFO(change.message);
    Program changed = original;
    change.apply(changed);
    const absl::Status status = CheckStructure(changed);
    CHECK(status.message() == change.message);
    if (!status.ok()) continue;
    CHECK_FALSE(SameProgram(original, changed));
    CHECK_FALSE(SameProgram(changed, original));
  }
}

TEST_CASE("equality sees every field") {
  CHECK(SameProgram(ExampleProgram(), ExampleProgram()));
  CheckChanges(kChangedFields);
}

TEST_CASE("structure: placements and reduce groups") { CheckChanges(kChangedShapes); }

TEST_CASE("structure: memory") { CheckChanges(kChangedMemory); }

TEST_CASE("structure: memory of forward-only programs") { CheckChanges(kChangedForwardOnly); }

TEST_CASE("structure: operands and waits") { CheckChanges(kChangedOperands); }

TEST_CASE("all violations are found, in the program's order") {
  Program program = ExampleProgram();
  program.reduce_groups[0].bytes = -1;
  program.reduce_groups[0].name = "wt\xe9";
  program.devices[0].slots[1].offset = -64;
  std::get<Forward>(program.devices[0].instructions[1].operation).chunk = 7;
  std::get<Forward>(program.devices[0].instructions[1].operation).input = 8;
  program.devices[1].arena_bytes = -1;
  std::vector<std::string> found;
  for (const StructureViolation& each : FindStructureViolations(program)) found.push_back(FormatViolation(each));
  CHECK(found == std::vector<std::string>{
                     "reduce group 0: name \"wt\\xe9\" is not UTF-8",
                     "reduce group 0: bytes -1 must be from 0 to 281474976710656",
                     "device 0: slot 1 at offset -64 with 128 bytes is outside the arena of 1572864 bytes",
                     "device 0, instruction 1: chunk 7 must be from 0 to 1",
                     "device 0, instruction 1: input 8 must be from -1 to 5",
                     "device 1: arena bytes -1 must be from 0 to 281474976710656",
                 });
}

TEST_CASE("the schedule's name is UTF-8") {
  Program program = ExampleProgram();
  program.schedule = "1f1b\xff";
  CHECK(CheckStructure(program).message() == "schedule \"1f1b\\xff\" is not UTF-8");
}

TEST_CASE("equality ignores the layout of waits in memory") {
  Program program = ExampleProgram();
  DeviceProgram& device = program.devices[0];
  device.waits.insert(device.waits.begin(), {7, 7});
  for (Instruction& instruction : device.instructions) instruction.first_wait += 2;
  CHECK(SameProgram(program, ExampleProgram()));
}

}  // namespace
}  // namespace baton
