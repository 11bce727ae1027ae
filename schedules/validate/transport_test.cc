// Programs are safe in the transport that they are lowered for, with no delay; the proof finds those that are not.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/stuck.h"
#include "schedules/validate/testing/interpreter.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

std::vector<TransportModel> AllTransports() {
  std::vector<TransportModel> models;
  for (QueueKind queues : {QueueKind::kPerPeerAndDirection, QueueKind::kPerPeer, QueueKind::kPerDevice}) {
    for (int slots : {0, 1, 2, 1000}) models.push_back({slots, queues});
  }
  return models;
}

std::string Name(const TransportModel& model) {
  return "queues " + std::to_string(static_cast<int>(model.queues)) + " slots " + std::to_string(model.buffered_slots);
}

Nanos Makespan(const Trace& trace) {
  Nanos end = 0;
  for (const std::vector<Interval>& intervals : trace.devices) {
    for (const Interval& interval : intervals) end = std::max(end, interval.end);
  }
  return end;
}

// Any order of work that can run: from all that is ready on a random device, one at random, each chunk's backwards
// ascending.
ComputeOrder RandomOrder(std::mt19937& random, bool split) {
  ComputeOrder order;
  const int num_devices = 2 + static_cast<int>(random() % 4);
  order.num_chunks = 1 + static_cast<int>(random() % 7);
  order.num_micro_batches = 1 + static_cast<int>(random() % 6);
  order.devices.resize(num_devices);
  std::vector<int32_t> device_of_chunk;
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    device_of_chunk.push_back(static_cast<int32_t>(random() % num_devices));
  }
  order.placement = ChunkPlacement::Of(device_of_chunk);
  std::vector<int> forwards(order.num_chunks), backwards(order.num_chunks), weights(order.num_chunks);
  while (true) {
    std::vector<Action> ready;
    for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
      const bool is_last = chunk + 1 == order.num_chunks;
      if (forwards[chunk] < (chunk == 0 ? order.num_micro_batches : forwards[chunk - 1])) {
        ready.push_back({ActionKind::kForward, chunk, forwards[chunk]});
      }
      if (backwards[chunk] < forwards[chunk] && (is_last || backwards[chunk] < backwards[chunk + 1])) {
        ready.push_back({split ? ActionKind::kBackwardInput : ActionKind::kBackward, chunk, backwards[chunk]});
      }
      if (split && weights[chunk] < backwards[chunk]) {
        ready.push_back({ActionKind::kBackwardWeight, chunk, weights[chunk]});
      }
    }
    if (ready.empty()) return order;
    const Action& action = ready[random() % ready.size()];
    order.devices[device_of_chunk[action.chunk]].push_back(action);
    ++(action.kind == ActionKind::kForward          ? forwards
       : action.kind == ActionKind::kBackwardWeight ? weights
                                                    : backwards)[action.chunk];
  }
}

CostModel RandomCosts(std::mt19937& random, int num_chunks) {
  CostModel costs = VariedCosts(num_chunks);
  // Small numbers, so that many events coincide.
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = 1 + random() % 3;
    chunk.backward_input_ns = 1 + random() % 3;
    chunk.backward_weight_ns = 1 + random() % 3;
  }
  costs.transfer_ns = random() % 4;
  costs.load_ns = 0;
  return costs;
}

TEST_CASE("any order is safe in any transport that it is lowered for, and none delays it") {
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    const ComputeOrder order = RandomOrder(random, round % 2 == 0);
    const CostModel costs = RandomCosts(random, order.num_chunks);
    CostModel others = RandomCosts(random, order.num_chunks);  // unlike the costs of the lowering
    others.transfer_ns = 100;
    Nanos shortest = -1;
    for (const TransportModel& transport : AllTransports()) {
      INFO("round " << round << " " << Name(transport));
      LowerOptions options{"random", costs};
      options.transport = transport;
      const auto program = Lower(order, options);
      REQUIRE(program.ok());
      const absl::Status sound = CheckProgram(*program, {transport});
      INFO(sound);
      REQUIRE(sound.ok());
      REQUIRE(CheckProgram(*program).ok());  // the executor's transport, too
      const auto trace = Simulate(*program, costs, {transport});
      REQUIRE(trace.ok());
      if (shortest < 0) shortest = Makespan(*trace);
      // Too few buffers for the transfers in flight delay any order.
      const bool is_free = transport.rendezvous() || transport.buffered_slots == 1000;
      REQUIRE((is_free ? Makespan(*trace) == shortest : Makespan(*trace) >= shortest));
      REQUIRE(Simulate(*program, others, {transport}).ok());
    }
  }
}

TEST_CASE("the catalog is safe in every transport") {
  for (const ScheduleInfo& info : Catalog()) {
    for (const OrderRequest& request : {OrderRequest{2, 3}, OrderRequest{5, 4}, OrderRequest{4, 9}}) {
      auto order = MakeOrder(info.name, request);
      REQUIRE(order.ok());
      for (const TransportModel& transport : AllTransports()) {
        LowerOptions options{std::string(info.name), VariedCosts(order->num_chunks)};
        options.transport = transport;
        const auto program = Lower(*order, options);
        REQUIRE(program.ok());
        INFO(info.name << " " << Name(transport));
        REQUIRE(CheckProgram(*program, {transport}).ok());
      }
    }
  }
}

TEST_CASE("receives placed for one queue a direction can deadlock in coarser queues, and the proof says so") {
  int num_stuck = 0;
  for (int m : {4, 8}) {
    auto order = MakeOrder("1f1b", {4, m});
    REQUIRE(order.ok());
    CostModel costs;
    costs.chunks.resize(4);
    const auto program = Lower(*order, {"", costs});
    REQUIRE(program.ok());
    const TransportModel transport{0, QueueKind::kPerDevice};
    const std::vector<Violation> violations = Validate(*program, {transport});
    for (const Violation& violation : violations) {
      CHECK(violation.rule == "deadlock");
      CHECK_THAT(violation.message, Catch::Contains("is queued behind"));
      ++num_stuck;
    }
    const auto trace = Simulate(*program, costs, {transport});
    CHECK(trace.ok() == violations.empty());
  }
  CHECK(num_stuck > 0);
}

TEST_CASE("crossing transfers: stuck by rendezvous in one queue, free with a buffer") {
  // Each device sends before it receives.
  Program program;
  program.num_chunks = 4;
  program.num_micro_batches = 1;
  program.placement = ChunkPlacement::Of({0, 1, 1, 0});
  program.forward_only = true;
  program.devices.resize(2);
  const auto add = [&](int device, const Operation& operation, std::vector<int32_t> waits = {}) {
    DeviceProgram& code = program.devices[device];
    Instruction instruction{operation, static_cast<uint32_t>(code.waits.size()), static_cast<uint32_t>(waits.size())};
    code.waits.insert(code.waits.end(), waits.begin(), waits.end());
    code.instructions.push_back(instruction);
  };
  add(0, Send{0, 0, Payload::kActivation, 1, kNoSlot});
  add(0, Recv{3, 0, Payload::kActivation, 1, kNoSlot});
  add(0, Forward{3, 0, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot}, {1});
  add(1, Send{2, 0, Payload::kActivation, 0, kNoSlot});
  add(1, Recv{1, 0, Payload::kActivation, 0, kNoSlot});
  add(1, Forward{1, 0, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot}, {1});
  const auto lanes = Lanes::Create(program);
  REQUIRE(lanes.ok());
  for (const TransportModel& transport : AllTransports()) {
    const StuckProgram stuck = FindDeadlocks(program, *lanes, transport);
    const bool is_safe = transport.buffered_slots > 0 || transport.queues == QueueKind::kPerPeerAndDirection;
    INFO(Name(transport));
    REQUIRE(stuck.deadlocks.empty() == is_safe);
    if (is_safe) continue;
    CHECK(stuck.deadlocks[0].is_cycle);
    CHECK(stuck.deadlocks[0].chain.size() ==
          4);  // send, matched to recv, queued behind send, matched to recv, queued behind …
    CHECK(stuck.next == std::vector<int32_t>{2, 2});
  }
}

TEST_CASE("buffers fill up: as many sends ahead as there are slots") {
  // Device 0 sends four before it receives; device 1 sends one before it receives.
  for (int slots : {1, 2, 3, 4}) {
    Program program;
    program.num_chunks = 2;
    program.num_micro_batches = 4;
    program.placement = ChunkPlacement::Of({0, 1});
    program.devices.resize(2);
    for (int i = 0; i < 4; ++i) {
      program.devices[0].instructions.push_back({Send{0, i, Payload::kActivation, 1, kNoSlot}});
      // A compute instruction waits for each Send, so the device continues only when the Send is over.
      program.devices[0].waits.push_back(2 * i);
      program.devices[0].instructions.push_back(
          {Forward{0, i, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot}, static_cast<uint32_t>(i), 1});
    }
    program.devices[0].instructions.push_back({Send{0, 0, Payload::kGradient, 1, kNoSlot}});
    // Device 1 receives only after three sends are over, that is after device 0's last message.
    const auto lanes = Lanes::Create(program);
    REQUIRE(lanes.ok());
    const StuckProgram stuck = FindDeadlocks(program, *lanes, {slots, QueueKind::kPerPeerAndDirection});
    // No device receives: `slots` sends are over, and the next one is never matched.
    CHECK(stuck.next[0] == (slots < 4 ? 2 * slots + 1 : 9));
    REQUIRE(stuck.deadlocks.size() == 1);
    CHECK_FALSE(stuck.deadlocks[0].is_cycle);
    CHECK(stuck.deadlocks[0].chain.back().why == Blame::Why::kNeverMatched);
  }
}

TEST_CASE("in the default transport, a program without deadlocks never gets stuck under the adversary") {
  std::mt19937 random(11);
  int num_stuck = 0;
  for (int round = 0; round < 600; ++round) {
    const ComputeOrder order = RandomOrder(random, round % 2 == 0);
    auto program = Lower(order, {"", VariedCosts(order.num_chunks)});
    REQUIRE(program.ok());
    // Move some transfers, within what the rule "ranges" allows.
    for (int n = 0; n < 2; ++n) {
      DeviceProgram& code = program->devices[random() % program->devices.size()];
      if (code.instructions.size() < 2) continue;
      const size_t a = random() % (code.instructions.size() - 1);
      std::swap(code.instructions[a].operation, code.instructions[a + 1].operation);
    }
    const auto lanes = Lanes::Create(*program);
    REQUIRE(lanes.ok());
    const StuckProgram stuck = FindDeadlocks(*program, *lanes, {});
    bool ends = true;
    for (int device = 0; device < program->num_devices(); ++device) {
      ends = ends && stuck.next[device] == static_cast<int32_t>(program->devices[device].instructions.size());
    }
    INFO("round " << round);
    REQUIRE((ends || !stuck.deadlocks.empty()));
    // The adversary's lanes issue independently of each other, so it completes more programs.
    if (PlayAtRandom(*program, round) == "stuck") {
      REQUIRE_FALSE(ends);
      ++num_stuck;
    }
  }
  CHECK(num_stuck > 3);
}

TEST_CASE("in the default transport the simulator's general way gives the same times") {
  // Per peer and direction with endless buffers differs only where a Send would wait for its Recv; with receives posted
  // by the time that they are needed, it never does.
  auto order = MakeOrder("1f1b", {4, 8});
  REQUIRE(order.ok());
  const CostModel costs = VariedCosts(4);
  const auto program = Lower(*order, {"", costs});
  REQUIRE(program.ok());
  const auto plain = Simulate(*program, costs);
  const auto buffered = Simulate(*program, costs, {TransportModel{1000, QueueKind::kPerPeerAndDirection}});
  REQUIRE(plain.ok());
  REQUIRE(buffered.ok());
  CHECK(Makespan(*plain) == Makespan(*buffered));
}

}  // namespace
}  // namespace baton
