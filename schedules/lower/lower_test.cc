// Lowering: a golden, properties of slots, receives and memory over many orders, and the errors of unsound orders.
// That programs are sound as a whole is tested in schedules/validate.
#include "schedules/lower/lower.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

Program MustLower(const ComputeOrder& order, const LowerOptions& options) {
  auto program = Lower(order, options);
  INFO(program.status());
  REQUIRE(program.ok());
  return *std::move(program);
}

ComputeOrder Named(const std::string& name, const OrderRequest& request) {
  auto order = MakeOrder(name, request);
  REQUIRE(order.ok());
  return *std::move(order);
}

// One line an instruction: its words, its slots in the order of operands, its waits.
std::string Dump(const DeviceProgram& code) {
  std::string text;
  for (size_t i = 0; i < code.instructions.size(); ++i) {
    absl::StrAppend(&text, i, " ", Describe(code.instructions[i].operation), " [");
    std::string separator;
    ForEachOperand(code.instructions[i].operation, [&](SlotId slot, SlotKind role, Access) {
      const bool is_recomputed = role == SlotKind::kRecomputed || role == SlotKind::kRecomputedWeight;
      if (slot == kNoSlot && is_recomputed) return;  // of chunks that keep everything
      absl::StrAppend(&text, separator, slot == kNoSlot ? std::string("-") : std::to_string(slot));
      separator = " ";
    });
    absl::StrAppend(&text, "]");
    for (int32_t wait : code.WaitsOf(code.instructions[i])) absl::StrAppend(&text, " <", wait);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

int CountSlots(const DeviceProgram& code, SlotKind kind) {
  int count = 0;
  for (const Slot& slot : code.slots) count += slot.kind == kind ? 1 : 0;
  return count;
}

TEST_CASE("golden: 1F1B of two stages and two micro-batches") {
  LowerOptions options{"1f1b", VariedCosts(2), {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}}};
  options.costs = CostModel();  // one unit for everything: the order of events is plain to see
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
        "10 AllReduce group 0 []\n"
        "11 Update chunk 0 []\n");
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
        "10 AllReduce group 0 []\n"
        "11 Update chunk 1 []\n");
}

TEST_CASE("neighbouring chunks on one device hand over in place, without transfers") {
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

TEST_CASE("slots for activations are as many as the schedule's peak") {
  for (int p : {1, 2, 4, 5}) {
    for (int m : {1, 3, 4, 9}) {
      const Program naive = MustLower(Named("naive", {p, m}), {"", VariedCosts(p)});
      const Program gpipe = MustLower(Named("gpipe", {p, m}), {"", VariedCosts(p)});
      const Program one_f_one_b = MustLower(Named("1f1b", {p, m}), {"", VariedCosts(p)});
      for (int device = 0; device < p; ++device) {
        INFO("p=" << p << " m=" << m << " device " << device);
        CHECK(CountSlots(naive.devices[device], SlotKind::kSaved) == 1);
        CHECK(CountSlots(gpipe.devices[device], SlotKind::kSaved) == m);
        CHECK(CountSlots(one_f_one_b.devices[device], SlotKind::kSaved) == std::min(p - device, m));
        CHECK(CountSlots(one_f_one_b.devices[device], SlotKind::kSavedWeight) == std::min(p - device, m));
        CHECK(CountSlots(one_f_one_b.devices[device], SlotKind::kTargets) == (device + 1 == p ? 1 : 0));
      }
    }
  }
}

TEST_CASE("chunks of a device share slots of equal kind and size") {
  CostModel costs = VariedCosts(4);
  for (ChunkCosts& chunk : costs.chunks) chunk.saved_bytes = 512;
  // Naive with two chunks per device holds each chunk's activations once: they are alive together, two slots.
  CHECK(CountSlots(MustLower(Named("naive", {2, 3, 2}), {"", costs}).devices[0], SlotKind::kSaved) == 2);
  // Of a forward-only program only one Forward's are alive.
  const ComputeOrder order = ForwardOnly(Named("gpipe", {2, 3, 2}));
  CHECK(CountSlots(MustLower(order, {"", costs}).devices[0], SlotKind::kSaved) == 1);
  costs.chunks[2].saved_bytes = 1024;
  CHECK(CountSlots(MustLower(order, {"", costs}).devices[0], SlotKind::kSaved) == 2);
}

TEST_CASE("split backwards give back their slots half by half") {
  // 0F0 0I0 0F1 0I1 … 0W0 0W1 …: only what backward-weight needs stays.
  ComputeOrder order = GreedyOrder({0}, 1, 4, true);
  order.devices[0].clear();
  for (int i = 0; i < 4; ++i) {
    order.devices[0].push_back({ActionKind::kForward, 0, i});
    order.devices[0].push_back({ActionKind::kBackwardInput, 0, i});
  }
  for (int i = 0; i < 4; ++i) order.devices[0].push_back({ActionKind::kBackwardWeight, 0, i});
  const Program program = MustLower(order, {"", VariedCosts(1)});
  CHECK(CountSlots(program.devices[0], SlotKind::kSaved) == 1);
  CHECK(CountSlots(program.devices[0], SlotKind::kTargets) == 1);
  CHECK(CountSlots(program.devices[0], SlotKind::kInput) == 4);
  CHECK(CountSlots(program.devices[0], SlotKind::kSavedWeight) == 4);
  CHECK(CountSlots(program.devices[0], SlotKind::kStash) == 4);
  // With each backward-weight right after its other half, one of each is enough.
  const Program greedy = MustLower(GreedyOrder({0, 1}, 2, 1, true), {"", VariedCosts(2)});
  for (SlotKind kind : {SlotKind::kInput, SlotKind::kSaved, SlotKind::kSavedWeight, SlotKind::kGradOutput,
                        SlotKind::kStash, SlotKind::kOutput}) {
    CHECK(CountSlots(greedy.devices[0], kind) == 1);
  }
  ComputeOrder alternating = GreedyOrder({0, 1}, 2, 1, true);
  alternating.num_micro_batches = 3;
  for (int device = 0; device < 2; ++device) {
    alternating.devices[device].clear();
    for (int i = 0; i < 3; ++i) {
      for (ActionKind kind : {ActionKind::kForward, ActionKind::kBackwardInput, ActionKind::kBackwardWeight}) {
        alternating.devices[device].push_back({kind, device, i});
      }
    }
  }
  const Program reusing = MustLower(alternating, {"", VariedCosts(2)});
  for (int device = 0; device < 2; ++device) {
    for (SlotKind kind : {SlotKind::kInput, SlotKind::kTargets, SlotKind::kSaved, SlotKind::kSavedWeight,
                          SlotKind::kGradOutput, SlotKind::kStash, SlotKind::kOutput, SlotKind::kGradInput}) {
      INFO("device " << device << " kind " << static_cast<int>(kind));
      CHECK(CountSlots(reusing.devices[device], kind) <= 2);
      // Only a receive that is posted ahead may hold a second one.
      if (kind != SlotKind::kInput && kind != SlotKind::kGradOutput) {
        CHECK(CountSlots(reusing.devices[device], kind) <= 1);
      }
    }
  }
}

std::vector<ComputeOrder> ManyOrders() {
  std::vector<ComputeOrder> orders;
  for (const ScheduleInfo& info : Catalog()) {
    for (int p : {1, 2, 5}) {
      for (int m : {1, 4, 7}) orders.push_back(Named(std::string(info.name), {p, m}));
    }
    if (info.takes_chunks) orders.push_back(Named(std::string(info.name), {3, 5, 2}));
  }
  for (int p : {1, 2, 3, 4}) {
    orders.push_back(GreedyOrder(PlaceAsV(p), p, 6, true));
    orders.push_back(GreedyOrder(PlaceAsV(p), p, 6, false));
  }
  orders.push_back(GreedyOrder({0, 2, 1, 1, 0, 2, 2}, 3, 5, true));
  orders.push_back(GreedyOrder({0, 2}, 3, 3, true));  // a device without chunks
  return orders;
}

TEST_CASE("a sent slot is never written again by the next compute instruction") {
  for (const ComputeOrder& order : ManyOrders()) {
    const Program program = MustLower(order, {"", VariedCosts(order.num_chunks)});
    for (const DeviceProgram& code : program.devices) {
      SlotId just_sent = kNoSlot;
      for (const Instruction& instruction : code.instructions) {
        if (const Send* send = std::get_if<Send>(&instruction.operation)) just_sent = send->slot;
        if (!IsCompute(instruction.operation) || std::holds_alternative<Load>(instruction.operation)) continue;
        ForEachOperand(instruction.operation,
                       [&](SlotId slot, SlotKind, Access) { REQUIRE((slot == kNoSlot || slot != just_sent)); });
        just_sent = kNoSlot;
      }
    }
  }
}

TEST_CASE("memory is aligned, disjoint and complete") {
  for (const ComputeOrder& order : ManyOrders()) {
    const CostModel costs = VariedCosts(order.num_chunks);
    const Program program = MustLower(order, {"", costs});
    for (const DeviceProgram& code : program.devices) {
      std::map<Bytes, Bytes> regions;  // offset → bytes
      Bytes most_workspace = 0;
      auto add = [&](Bytes offset, Bytes bytes) {
        REQUIRE(offset % kBufferAlignment == 0);
        REQUIRE((bytes == 0 || regions.insert({offset, bytes}).second));
      };
      for (const ChunkMemory& memory : code.chunks) {
        const ChunkCosts& sizes = costs.chunks[memory.chunk];
        add(memory.parameters_offset, sizes.parameter_bytes);
        add(memory.gradients_offset, sizes.parameter_bytes);
        add(memory.optimizer_offset, sizes.optimizer_bytes);
        CHECK(memory.parameter_bytes == sizes.parameter_bytes);
        CHECK(memory.optimizer_bytes == sizes.optimizer_bytes);
        most_workspace = std::max(most_workspace, sizes.workspace_bytes);
      }
      CHECK(code.workspace_bytes == most_workspace);
      add(code.workspace_offset, code.workspace_bytes);
      for (const Slot& slot : code.slots) add(slot.offset, slot.bytes);
      Bytes end = 0;
      for (const auto& [offset, bytes] : regions) {
        REQUIRE(offset >= end);
        end = offset + bytes;
      }
      CHECK(AlignUp(end) == code.arena_bytes);
    }
  }
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

TEST_CASE("each device that holds a chunk of a group reduces, and each chunk steps, unless there is no step") {
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
  options.step = false;
  const Program without = MustLower(order, options);
  CHECK(tail(without.devices[0]).empty());
  CHECK(without.reduce_groups.empty());
}

TEST_CASE("unsound orders are refused with device, position and action") {
  using Change = void (*)(ComputeOrder&);
  struct Case {
    Change change;
    const char* message;
  };
  // 0F0 0F1 0I0 0F2 0W0 … on device 0 of two; see GreedyOrder.
  const ComputeOrder good = GreedyOrder({0, 1}, 2, 2, true);
  REQUIRE(good.devices[0] == std::vector<Action>{{ActionKind::kForward, 0, 0},
                                                 {ActionKind::kForward, 0, 1},
                                                 {ActionKind::kBackwardInput, 0, 0},
                                                 {ActionKind::kBackwardWeight, 0, 0},
                                                 {ActionKind::kBackwardInput, 0, 1},
                                                 {ActionKind::kBackwardWeight, 0, 1}});
  REQUIRE(Lower(good, {"", VariedCosts(2)}).ok());
  const Case cases[] = {
      {[](ComputeOrder& o) { o.devices[0][1].micro_batch = 0; },
       "device 0 position 1: 0F0 is repeated; first at position 0"},
      {[](ComputeOrder& o) { o.devices[0].erase(o.devices[0].begin() + 5); }, "device 0: 0W1 is missing"},
      {[](ComputeOrder& o) { o.devices[0].resize(4); }, "device 0: 0B1 is missing"},
      {[](ComputeOrder& o) { std::swap(o.devices[0][2], o.devices[0][3]); },
       "device 0 position 2: 0W0 comes before its backward-input"},
      {[](ComputeOrder& o) { std::swap(o.devices[0][0], o.devices[0][2]); },
       "device 0 position 0: 0I0 comes before its forward"},
      {[](ComputeOrder& o) {
         std::swap(o.devices[0][3], o.devices[0][4]);
         std::swap(o.devices[0][4], o.devices[0][5]);
       },
       "device 0 position 5: 0W0 comes after micro-batch 1; a chunk's gradients are added in ascending micro-batch "
       "order"},
      {[](ComputeOrder& o) { o.devices[0][2].kind = ActionKind::kBackward; },
       "device 0 position 3: 0W0 is already part of the backward at position 2"},
      {[](ComputeOrder& o) { o.devices[0][1].chunk = 2; },
       "device 0 position 1: 2F1 names a chunk that is not there; chunks are 0 to 1"},
      {[](ComputeOrder& o) { o.devices[0][1].micro_batch = -1; },
       "device 0 position 1: 0F-1 names a micro-batch that is not there; they are 0 to 1"},
      {[](ComputeOrder& o) { o.devices[0][1].chunk = 1; },
       "device 0 position 1: 1F1 is of chunk 1, which is on device 1"},
      {[](ComputeOrder& o) {
         o.placement = ChunkPlacement::Of({0, 2});
       },
       "order: chunk 1 is on device 2; there are 2 devices"},
      {[](ComputeOrder& o) { o.placement = ChunkPlacement::Of({0}); },
       "order: 1 chunks are on devices; there are 2 chunks"},
      {[](ComputeOrder& o) { o.num_micro_batches = 0; },
       "order: 2 chunks and 0 micro-batches; each must be at least 1, their product at most 16777216"},
      {[](ComputeOrder& o) { o.num_chunks = o.num_micro_batches = 2147483647; },
       "order: 2147483647 chunks and 2147483647 micro-batches; each must be at least 1, their product at most "
       "16777216"},
      {[](ComputeOrder& o) {
         // Device 0 wants the gradient of micro-batch 0 before it lets the activation of micro-batch 1 go, device 1 the
         // other way round.
         o.devices[0] = {{ActionKind::kForward, 0, 0},
                         {ActionKind::kBackward, 0, 0},
                         {ActionKind::kForward, 0, 1},
                         {ActionKind::kBackward, 0, 1}};
         o.devices[1] = {{ActionKind::kForward, 1, 0},
                         {ActionKind::kForward, 1, 1},
                         {ActionKind::kBackward, 1, 0},
                         {ActionKind::kBackward, 1, 1}};
       },
       "device 0 position 1: 0B0 can never run: 0B0 waits for 1B0 (device 1 position 2), which is after 1F1; 1F1 waits "
       "for 0F1 (device 0 position 2)"},
  };
  for (const Case& row : cases) {
    ComputeOrder order = good;
    row.change(order);
    const absl::Status status = Lower(order, {"", VariedCosts(2)}).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == row.message);
  }
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
  // Without a step nothing is summed.
  options.step = false;
  CHECK(MustLower(order, options).reduce_groups.empty());
}

TEST_CASE("costs and groups that do not fit are refused") {
  const ComputeOrder order = Named("gpipe", {2, 2});
  auto message = [&](const LowerOptions& options) {
    const absl::Status status = Lower(order, options).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(message({"", VariedCosts(3)}) == "costs.chunks: 3 chunks; the schedule has 2");
  CostModel costs = VariedCosts(2);
  costs.chunks[0].output_bytes = 128;
  CHECK(message({"", costs}) == "costs.chunks[0].output_bytes: 128; the input of chunk 1 has 256");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {0, 2}, 8}}}) ==
        "reduce_groups[0].members: 2; chunks must be 0 to 1 and not descend");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {1, 0}, 8}}}) ==
        "reduce_groups[0].members: 0; chunks must be 0 to 1 and not descend");
  CHECK(message({"", VariedCosts(2), {{ReduceKind::kTiedGradient, "", {}, 8}}}) ==
        "reduce_groups[0]: 0 chunks and 8 bytes; it needs a chunk, and bytes must be at least 0");
}

}  // namespace
}  // namespace baton
