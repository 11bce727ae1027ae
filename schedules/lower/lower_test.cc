// Lowering: goldens, hand-overs on one device, the end of a step, and replicas. schedules/validate tests that programs
// are sound.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/lower/testing/lowered.h"
#include "schedules/order/forward_only.h"
#include "schedules/order/replicate.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

// One line an instruction: its words, its slots in the order of operands, its waits.
std::string Dump(const DeviceProgram& code) {
  std::string text;
  for (size_t i = 0; i < code.instructions.size(); ++i) {
    absl::StrAppend(&text, i, " ", Describe(code.instructions[i].operation), " [");
    std::string separator;
    ForEachOperand(code.instructions[i].operation, [&](SlotId slot, SlotKind role, Access) {
      const bool is_recomputed = role == SlotKind::kRecomputed || role == SlotKind::kRecomputedWeight;
      if (slot == kNoSlot && is_recomputed) return;  // of chunks that cannot recompute
      absl::StrAppend(&text, separator, slot == kNoSlot ? std::string("-") : std::to_string(slot));
      separator = " ";
    });
    absl::StrAppend(&text, "]");
    for (int32_t wait : code.WaitsOf(code.instructions[i])) absl::StrAppend(&text, " <", wait);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST_CASE("golden: 1F1B of two stages and two micro-batches") {
  LowerOptions options{"1f1b", VariedCosts(2), {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}}};
  options.costs = CostModel();  // one unit for every pass, so that the order of events is easy to see
  options.costs.chunks.resize(2);
  const Program program = MustLower(Named("1f1b", {2, 2}), options);
  CHECK(Dump(program.devices[0]) ==
        "0 Load inputs chunk 0 micro-batch 0 [0]\n"
        "1 Forward chunk 0 micro-batch 0 [0 - 1 2 3]\n"
        "2 Send activation chunk 0 micro-batch 0 to device 1 [1] <1\n"
        "3 Load inputs chunk 0 micro-batch 1 [4]\n"
        "4 Forward chunk 0 micro-batch 1 [4 - 5 6 7]\n"
        "5 Send activation chunk 0 micro-batch 1 to device 1 [5] <4\n"
        "6 Recv gradient chunk 0 micro-batch 0 from device 1 [8] <4\n"
        "7 Backward chunk 0 micro-batch 0 [0 - 2 3 8 -] <6\n"
        "8 Recv gradient chunk 0 micro-batch 1 from device 1 [8] <7\n"
        "9 Backward chunk 0 micro-batch 1 [4 - 6 7 8 -] <8\n"
        "10 AllReduce group 0 [] <9\n"
        "11 Update chunk 0 [] <10\n");
  CHECK(Dump(program.devices[1]) ==
        "0 Recv activation chunk 1 micro-batch 0 from device 0 [0]\n"
        "1 Load targets chunk 1 micro-batch 0 [1]\n"
        "2 Forward chunk 1 micro-batch 0 [0 1 - 2 3] <0\n"
        "3 Recv activation chunk 1 micro-batch 1 from device 0 [4] <2\n"
        "4 Backward chunk 1 micro-batch 0 [0 1 2 3 - 5]\n"
        "5 Send gradient chunk 1 micro-batch 0 to device 0 [5] <4\n"
        "6 Load targets chunk 1 micro-batch 1 [1]\n"
        "7 Forward chunk 1 micro-batch 1 [4 1 - 2 3] <3\n"
        "8 Backward chunk 1 micro-batch 1 [4 1 2 3 - 5] <5\n"
        "9 Send gradient chunk 1 micro-batch 1 to device 0 [5] <8\n"
        "10 AllReduce group 0 [] <8\n"
        "11 Update chunk 1 [] <10\n");
}

TEST_CASE("neighbouring chunks on one device share a slot, without transfers") {
  const ComputeOrder order = GreedyOrder({0, 0}, 1, 1, true);
  const Program program = MustLower(order, {"", VariedCosts(2)});
  CHECK(Dump(program.devices[0]) ==
        "0 Load inputs chunk 0 micro-batch 0 [0]\n"
        "1 Forward chunk 0 micro-batch 0 [0 - 1 2 3]\n"
        "2 Load targets chunk 1 micro-batch 0 [4]\n"
        "3 Forward chunk 1 micro-batch 0 [1 4 - 5 6]\n"
        "4 BackwardInput chunk 1 micro-batch 0 [1 4 5 6 - 7 8]\n"
        "5 BackwardInput chunk 0 micro-batch 0 [0 - 2 3 7 - 9]\n"
        "6 BackwardWeight chunk 1 micro-batch 0 [1 6 - 8]\n"
        "7 BackwardWeight chunk 0 micro-batch 0 [0 3 7 9]\n"
        "8 Update chunk 0 []\n"
        "9 Update chunk 1 []\n");
  CHECK(program.devices[0].slots[1].kind == SlotKind::kInput);
  CHECK(program.devices[0].slots[7].kind == SlotKind::kGradOutput);
}

TEST_CASE("forward-only programs have neither gradients nor an end of step") {
  const Program program = MustLower(ForwardOnly(Named("gpipe", {3, 4})),
                                    {"forward", VariedCosts(3), {{ReduceKind::kGradientNorm, "", {0, 1, 2}, 64}}});
  CHECK(program.forward_only);
  CHECK(program.reduce_groups.empty());
  for (const DeviceProgram& code : program.devices) {
    CHECK(code.chunks.at(0).gradients_offset == kNoOffset);
    CHECK(code.chunks.at(0).optimizer_offset == kNoOffset);
    CHECK(CountSlots(code, SlotKind::kSaved) == 1);
    for (const Instruction& instruction : code.instructions) {
      REQUIRE(!std::holds_alternative<Update>(instruction.operation));
      REQUIRE(!std::holds_alternative<AllReduce>(instruction.operation));
    }
  }
}

TEST_CASE(
    "each device with a chunk of a group reduces, and each chunk is updated, unless options.with_update is false") {
  LowerOptions options{
      "gpipe",
      VariedCosts(6),
      {{ReduceKind::kTiedGradient, "tied", {0, 3, 5}, 64}, {ReduceKind::kGradientNorm, "", {0, 1, 2, 3, 4, 5}, 8}}};
  const ComputeOrder order = Named("gpipe", {3, 2, 2});
  auto tail = [](const DeviceProgram& code) {
    std::string text;
    for (const Instruction& instruction : code.instructions) {
      if (ChunkOf(instruction.operation) < 0 || std::holds_alternative<Update>(instruction.operation)) {
        absl::StrAppend(&text, Describe(instruction.operation), "; ");
      }
    }
    return text;
  };
  const Program program = MustLower(order, options);
  CHECK(tail(program.devices[0]) == "AllReduce group 0; AllReduce group 1; Update chunk 0; Update chunk 3; ");
  CHECK(tail(program.devices[1]) == "AllReduce group 1; Update chunk 1; Update chunk 4; ");
  CHECK(tail(program.devices[2]) == "AllReduce group 0; AllReduce group 1; Update chunk 2; Update chunk 5; ");
  options.with_update = false;
  const Program without = MustLower(order, options);
  CHECK(tail(without.devices[0]).empty());
  CHECK(without.reduce_groups.empty());
}

TEST_CASE("replicas: transfers stay among a replica's devices, and sums go over all of them") {
  const ComputeOrder order = Named("chimera", {3, 4});  // chunk 1's replicas share an entry
  LowerOptions options{"", VariedCosts(3)};
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 2}, 64},
                           {ReduceKind::kGradientNorm, "", {0, 1, 2}, 8}};
  const Program program = MustLower(order, options);
  CHECK(program.placement == ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}}, {0, 1, 0, 1}));
  const std::vector<std::vector<int32_t>> summed = {{0, 3}, {2, 4}, {0, 2, 3, 4}, {0, 1, 2, 3, 4}};
  REQUIRE(program.reduce_groups.size() == summed.size());
  for (size_t i = 0; i < summed.size(); ++i) CHECK(program.reduce_groups[i].members == summed[i]);
  CHECK(program.reduce_groups[0].kind == ReduceKind::kReplicaGradient);
  CHECK(program.reduce_groups[1].kind == ReduceKind::kReplicaGradient);
  CHECK(program.reduce_groups[1].bytes == options.costs.chunks[2].parameter_bytes);
  CHECK(program.reduce_groups[2].kind == ReduceKind::kTiedGradient);
  const std::vector<std::vector<int32_t>> held = {{0, 2}, {1}, {0, 2}};
  for (int device = 0; device < 3; ++device) {
    const DeviceProgram& code = program.devices[device];
    std::vector<int32_t> chunks;
    for (const ChunkMemory& memory : code.chunks) chunks.push_back(memory.chunk);
    CHECK(chunks == held[device]);
    for (const Instruction& instruction : code.instructions) {
      const Operation& operation = instruction.operation;
      if (const Send* send = std::get_if<Send>(&operation)) {
        const int reader = send->payload == Payload::kActivation ? send->chunk + 1 : send->chunk - 1;
        CHECK(send->peer == order.DeviceOf(reader, send->micro_batch));
        CHECK(device == order.DeviceOf(send->chunk, send->micro_batch));
      } else if (const Recv* recv = std::get_if<Recv>(&operation)) {
        const int writer = recv->payload == Payload::kActivation ? recv->chunk - 1 : recv->chunk + 1;
        CHECK(recv->peer == order.DeviceOf(writer, recv->micro_batch));
      }
    }
  }
  // Without updates there are no sums.
  options.with_update = false;
  CHECK(MustLower(order, options).reduce_groups.empty());
}

TEST_CASE("sums over replicas follow the last gradient of their chunk, in one order on all devices") {
  LowerOptions options{"", VariedCosts(4)};
  options.reduce_groups = {{ReduceKind::kGradientNorm, "", {0, 1, 2, 3}, 8}};
  options.replicas = options.sum_groups = 2;
  options.shards_optimizer = true;
  const auto code_of = [&](int device) {
    return MustLower(Replicate(Named("interleaved", {2, 2, 2}), 2), options).devices[device];
  };
  const auto tail = [](const DeviceProgram& code) {
    std::string text;
    for (size_t i = 0; i < code.instructions.size(); ++i) {
      const Operation& operation = code.instructions[i].operation;
      const bool is_last = MicroBatchOf(operation) == 1 || MicroBatchOf(operation) == 3;
      if (!IsCollective(operation) && !std::holds_alternative<Update>(operation) &&
          !(std::holds_alternative<Backward>(operation) && is_last)) {
        continue;
      }
      absl::StrAppend(&text, Describe(operation));
      for (const int32_t wait : code.WaitsOf(code.instructions[i])) {
        if (!IsTransfer(code.instructions[wait].operation)) {
          absl::StrAppend(&text, " < ", Describe(code.instructions[wait].operation));
        }
      }
      text += "\n";
    }
    return text;
  };
  CHECK(tail(code_of(0)) ==
        "AllGather group 5\n"
        "AllGather group 7\n"
        "Backward chunk 2 micro-batch 1\n"
        "ReduceScatter group 2 < Backward chunk 2 micro-batch 1\n"
        "Backward chunk 0 micro-batch 1\n"
        "ReduceScatter group 0 < Backward chunk 0 micro-batch 1\n"
        "AllReduce group 4 < ReduceScatter group 0 < ReduceScatter group 2\n"
        "Update chunk 0 < AllReduce group 4\n"
        "Update chunk 2\n");
  CHECK(tail(code_of(2)).find("ReduceScatter group 2 < Backward chunk 2 micro-batch 3\nBackward chunk 0") !=
        std::string::npos);
  // With one queue a device a sum may not stop the transfers behind it.
  options.transport.queues = QueueKind::kPerDevice;
  CHECK(tail(code_of(0)).find("Backward chunk 0 micro-batch 1\nReduceScatter group 2") != std::string::npos);
}

TEST_CASE("shards are gathered at the start of a step, in the order of need, and the first Forward waits for them") {
  LowerOptions options{"", VariedCosts(4)};
  options.reduce_groups = {{ReduceKind::kGradientNorm, "", {0, 1, 2, 3}, 8}};
  options.replicas = options.sum_groups = 2;
  options.shards_optimizer = true;
  // Device 0 has chunks 0 and 3, device 1 has 1 and 2.
  const Program program = MustLower(Replicate(GreedyOrder({0, 1, 1, 0}, 2, 2, true), 2), options);
  const std::vector<std::vector<int32_t>> gathers = {{5, 8}, {6, 7}, {5, 8}, {6, 7}};
  for (int device = 0; device < 4; ++device) {
    const DeviceProgram& code = program.devices[device];
    for (size_t i = 0; i < 2; ++i) CHECK(GroupOf(code.instructions[i].operation) == gathers[device][i]);
    std::vector<int32_t> awaited;
    for (const Instruction& instruction : code.instructions) {
      const auto* forward = std::get_if<Forward>(&instruction.operation);
      for (const int32_t wait : code.WaitsOf(instruction)) {
        if (!std::holds_alternative<AllGather>(code.instructions[wait].operation)) continue;
        REQUIRE(forward != nullptr);
        CHECK(GroupOf(code.instructions[wait].operation) == 5 + forward->chunk);
        awaited.push_back(wait);
      }
    }
    CHECK(awaited == std::vector<int32_t>{0, 1});
  }
}

TEST_CASE("if optimizer state is sharded, sums are scattered, and each tied use gathers its gradient after that") {
  LowerOptions options{"", VariedCosts(3)};
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 2}, 64},
                           {ReduceKind::kGradientNorm, "", {0, 1, 2}, 8}};
  options.replicas = options.sum_groups = 2;
  for (const bool shards : {false, true}) {
    options.shards_optimizer = shards;
    const Program program = MustLower(Replicate(Named("1f1b", {3, 4}), 2), options);
    for (int chunk = 0; chunk < 3; ++chunk) {
      CHECK(program.reduce_groups[chunk].kind == (shards ? ReduceKind::kShardGradient : ReduceKind::kReplicaGradient));
    }
    if (!shards) continue;
    for (const int use : {0, 1}) {
      const ReduceGroup& gather = program.reduce_groups[3 + use];
      CHECK(gather.kind == ReduceKind::kTiedShards);
      CHECK(gather.name == "tied");
      CHECK(gather.members == program.placement.EntriesOf(use == 0 ? 0 : 2));
      CHECK(gather.bytes == 64);
    }
    // The last stage has its gradients first, and gathers while the others still compute.
    const auto waits = [&](int device, int group) {
      const DeviceProgram& code = program.devices[device];
      for (const Instruction& instruction : code.instructions) {
        if (GroupOf(instruction.operation) != group) continue;
        REQUIRE(instruction.num_waits == 1);
        return Describe(code.instructions[code.WaitsOf(instruction)[0]].operation);
      }
      return std::string("none");
    };
    CHECK(waits(2, 4) == "ReduceScatter group 2");
    CHECK(waits(2, 5) == "AllGather group 4");
    CHECK(waits(0, 3) == "ReduceScatter group 0");
    CHECK(waits(0, 5) == "AllGather group 3");
  }
}

TEST_CASE("copies of a pipeline sum tied gradients each for itself, and one norm over all") {
  LowerOptions options{"", VariedCosts(2)};
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}, {ReduceKind::kGradientNorm, "", {0, 1}, 8}};
  options.replicas = 2;
  options.sum_groups = 8;
  const Program program = MustLower(Replicate(Named("1f1b", {2, 4}), 2), options);
  CHECK(program.sum_groups == 8);
  const std::vector<std::vector<int32_t>> members = {{0, 2}, {1, 3}, {0, 1}, {2, 3}, {0, 1, 2, 3}};
  REQUIRE(program.reduce_groups.size() == members.size());
  for (size_t i = 0; i < members.size(); ++i) CHECK(program.reduce_groups[i].members == members[i]);
  for (const DeviceProgram& code : program.devices) {
    const ChunkMemory& memory = code.chunks.at(0);
    CHECK(memory.partial_sum_bytes == 2 * memory.parameter_bytes);  // of four groups
    CHECK(memory.optimizer_offset >= memory.gradients_offset + memory.gradient_region_bytes());
  }
}

}  // namespace
}  // namespace baton
