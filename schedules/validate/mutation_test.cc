// Mutations of sound programs: the validator rejects each one that is certainly wrong, and each one that it accepts
// runs under an adversary that uses every freedom of asynchronous lanes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"
#include "schedules/order/recompute.h"
#include "schedules/order/replicate.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"
#include "schedules/validate/testing/interpreter.h"
#include "schedules/validate/testing/mutations.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

std::vector<Program> SoundPrograms() {
  std::vector<ComputeOrder> orders;
  orders.push_back(*MakeOrder("1f1b", {3, 4}));
  orders.push_back(*MakeOrder("gpipe", {2, 3}));
  orders.push_back(*MakeOrder("naive", {2, 2, 2}));
  orders.push_back(GreedyOrder(PlaceAsV(2), 2, 3, true));
  orders.push_back(GreedyOrder({0, 2, 1, 1, 0}, 3, 2, true));
  orders.push_back(ForwardOnly(*MakeOrder("gpipe", {3, 3})));
  orders.push_back(*MakeOrder("chimera", {3, 4}));
  orders.push_back(*MakeOrder("dualpipe", {2, 4}));
  orders.push_back(AddRecompute(*MakeOrder("1f1b", {3, 4}), {true, true, false}));
  orders.push_back(AddRecompute(GreedyOrder({0, 1, 0, 1}, 2, 3, true), {true, false, true, true}));
  std::vector<Program> programs;
  for (const ComputeOrder& order : orders) {
    LowerOptions options{"test", VariedCosts(order.num_chunks)};
    // Equal sizes in all chunks, so that they share slots and a missing Recompute leaves other data in them.
    for (ChunkCosts& chunk : options.costs.chunks) chunk.recomputed_bytes = chunk.recomputed_weight_bytes = 128;
    std::vector<int32_t> all;
    for (int32_t chunk = 0; chunk < order.num_chunks; ++chunk) all.push_back(chunk);
    options.reduce_groups = {{ReduceKind::kGradientNorm, "", all, 64}};
    auto program = Lower(order, options);
    REQUIRE(program.ok());
    programs.push_back(*std::move(program));
  }
  // Copies of a pipeline with sums over replicas, a tied parameter, and shards that are gathered.
  LowerOptions options{"copies", VariedCosts(4)};
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 3}, 64},
                           {ReduceKind::kGradientNorm, "", {0, 1, 2, 3}, 64}};
  options.replicas = options.sum_groups = 2;
  options.shards_optimizer = true;
  auto copies = Lower(Replicate(*MakeOrder("interleaved", {2, 2, 2}), 2), options);
  INFO(copies.status());
  REQUIRE(copies.ok());
  programs.push_back(*std::move(copies));
  return programs;
}

bool IsSound(const Program& program) { return Validate(program).empty(); }

// A program that the validator accepts must run, however the lanes are delayed.
void CheckRuns(const Program& program) {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    const std::string error = PlayAtRandom(program, seed);
    INFO(error);
    REQUIRE(error.empty());
  }
}

TEST_CASE("sound programs run under the adversary") {
  for (const Program& program : SoundPrograms()) {
    REQUIRE(IsSound(program));
    CheckRuns(program);
  }
}

TEST_CASE("the adversary notices races, lost data and deadlocks") {
  const Program program = SoundPrograms()[0];
  // Drop the first wait of the last stage's first Forward: sooner or later it runs before its input is there.
  const std::vector<Instruction>& code = program.devices[2].instructions;
  const int forward =
      static_cast<int>(std::find_if(code.begin(), code.end(),
                                    [](const Instruction& i) { return std::holds_alternative<Forward>(i.operation); }) -
                       code.begin());
  REQUIRE(code[forward].num_waits == 1);
  const Program race = DropWait(program, 2, forward, 0);
  int found = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) found += PlayAtRandom(race, seed).empty() ? 0 : 1;
  CHECK(found > 0);
  int last_send = static_cast<int>(program.devices[0].instructions.size()) - 1;
  while (!std::holds_alternative<Send>(program.devices[0].instructions[last_send].operation)) --last_send;
  CHECK(PlayAtRandom(Drop(program, 0, last_send), 1) == "stuck");
  CHECK(PlayAtRandom(Drop(program, 0, 0), 1).find("finds nothing, not input 0 0") != std::string::npos);
}

TEST_CASE("a dropped or doubled instruction is always found") {
  for (const Program& program : SoundPrograms()) {
    for (int device = 0; device < program.num_devices(); ++device) {
      for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
        INFO("device " << device << " " << Describe(program.devices[device].instructions[i].operation));
        REQUIRE(!IsSound(Drop(program, device, i)));
        REQUIRE(!IsSound(Duplicate(program, device, i)));
      }
    }
  }
}

TEST_CASE("a dropped wait is found, unless it guards a slot that was never used before") {
  for (const Program& program : SoundPrograms()) {
    for (int device = 0; device < program.num_devices(); ++device) {
      const DeviceProgram& code = program.devices[device];
      std::vector<bool> used(code.slots.size(), false);
      for (size_t i = 0; i < code.instructions.size(); ++i) {
        const Instruction& instruction = code.instructions[i];
        const Recv* recv = std::get_if<Recv>(&instruction.operation);
        const bool is_fresh = recv != nullptr && !used[recv->slot];
        for (uint32_t which = 0; which < instruction.num_waits; ++which) {
          INFO("device " << device << " instruction " << i << " " << Describe(instruction.operation));
          const Program mutant = DropWait(program, device, i, which);
          REQUIRE(IsSound(mutant) == is_fresh);
          if (is_fresh) CheckRuns(mutant);
        }
        ForEachOperand(instruction.operation, [&](SlotId slot, SlotKind, Access) {
          if (slot != kNoSlot) used[slot] = true;
        });
      }
    }
  }
}

TEST_CASE("an AllGather behind the pass or the sum that it is for is found, though nothing waits for it any more") {
  int num_gathers = 0;
  for (const Program& program : SoundPrograms()) {
    for (int device = 0; device < program.num_devices(); ++device) {
      const DeviceProgram& code = program.devices[device];
      for (size_t forward = 0; forward < code.instructions.size(); ++forward) {
        const Instruction& instruction = code.instructions[forward];
        for (uint32_t which = 0; which < instruction.num_waits; ++which) {
          const int32_t gather = code.WaitsOf(instruction)[which];
          if (!std::holds_alternative<AllGather>(code.instructions[gather].operation)) continue;
          ++num_gathers;
          const Program mutant = DropWait(program, device, static_cast<int>(forward), which);
          INFO("device " << device << " instruction " << forward);
          REQUIRE(!IsSound(mutant));
          REQUIRE(!IsSound(Swap(mutant, device, gather, static_cast<int>(forward))));
        }
      }
    }
  }
  CHECK(num_gathers == 12);  // of the parameters of four chunks, and two tied gradients, in two replicas
}

TEST_CASE("an operand with a wrong slot is always found") {
  for (const Program& program : SoundPrograms()) {
    for (int device = 0; device < program.num_devices(); ++device) {
      const DeviceProgram& code = program.devices[device];
      for (size_t i = 0; i < code.instructions.size(); ++i) {
        for (int n = 0; n < CountSlots(code.instructions[i].operation); ++n) {
          for (SlotId slot = 0; slot < static_cast<SlotId>(code.slots.size()); ++slot) {
            Program mutant = program;
            Operation& operation = mutant.devices[device].instructions[i].operation;
            Retarget(operation, n, slot);
            bool is_same = true;
            std::vector<SlotId> before;
            ForEachOperand(code.instructions[i].operation, [&](SlotId s, SlotKind, Access) { before.push_back(s); });
            size_t at = 0;
            ForEachOperand(operation, [&](SlotId s, SlotKind, Access) { is_same = is_same && s == before[at++]; });
            INFO("device " << device << " instruction " << i << " " << Describe(operation) << " slot " << slot);
            // A Forward may write buffers that a Recompute writes again to any slot.
            if (IsRecomputed(code.instructions[i].operation, n) && !is_same && IsSound(mutant)) {
              CheckRuns(mutant);
              continue;
            }
            REQUIRE(IsSound(mutant) == is_same);
          }
        }
      }
    }
  }
}

TEST_CASE("two instructions swapped are found, or the program still runs") {
  std::mt19937 random(7);
  int num_found = 0;
  int num_mutants = 0;
  for (const Program& program : SoundPrograms()) {
    for (int device = 0; device < program.num_devices(); ++device) {
      const int size = static_cast<int>(program.devices[device].instructions.size());
      auto check = [&](int i, int j) {
        INFO("device " << device << " instructions " << i << " and " << j);
        const Program mutant = Swap(program, device, i, j);
        ++num_mutants;
        if (!IsSound(mutant)) {
          ++num_found;
        } else {
          CheckRuns(mutant);
        }
      };
      for (int i = 0; i + 1 < size; ++i) check(i, i + 1);
      for (int n = 0; n < size; ++n) check(random() % size, random() % size);
    }
  }
  // Most mutants are wrong, not all: neighbours on different lanes and unrelated work may be swapped.
  CHECK(num_found > num_mutants / 2);
  CHECK(num_found < num_mutants);
}

}  // namespace
}  // namespace baton
