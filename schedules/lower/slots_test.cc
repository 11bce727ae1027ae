// Slots and memory of lowered programs, over many orders.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "schedules/lower/testing/greedy_order.h"
#include "schedules/lower/testing/lowered.h"
#include "schedules/order/forward_only.h"
#include "schedules/program/operands.h"

namespace baton {
namespace {

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
  // In naive with two chunks a device, one micro-batch of each chunk is live at a time: two slots.
  CHECK(CountSlots(MustLower(Named("naive", {2, 3, 2}), {"", costs}).devices[0], SlotKind::kSaved) == 2);
  // In a forward-only program the activations of only one Forward are live.
  const ComputeOrder order = ForwardOnly(Named("gpipe", {2, 3, 2}));
  CHECK(CountSlots(MustLower(order, {"", costs}).devices[0], SlotKind::kSaved) == 1);
  costs.chunks[2].saved_bytes = 1024;
  CHECK(CountSlots(MustLower(order, {"", costs}).devices[0], SlotKind::kSaved) == 2);
}

TEST_CASE("each half of a split backward frees its slots") {
  // 0F0 0I0 0F1 0I1 … 0W0 0W1 …: only the buffers of backward-weight stay live.
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
  // If each backward-weight comes right after its other half, one slot of each kind is enough.
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
      // A second slot is needed only for a Recv that is posted ahead.
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

}  // namespace
}  // namespace baton
