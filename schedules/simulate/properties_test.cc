// Properties of simulated time that hold for every schedule: monotonic in costs, lanes in order, nothing late for no
// reason.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "schedules/lower/testing/greedy_order.h"
#include "schedules/simulate/simulate.h"
#include "schedules/simulate/testing/lowered.h"

namespace baton {
namespace {

// A deterministic mix of costs for properties.
CostModel MixedCosts(int num_chunks, int seed) {
  CostModel costs;
  for (int i = 0; i < num_chunks; ++i) {
    ChunkCosts chunk;
    chunk.forward_ns = 10 + (i * 7 + seed * 13) % 11;
    chunk.backward_input_ns = 9 + (i * 5 + seed * 3) % 7;
    chunk.backward_weight_ns = (i * 3 + seed) % 9;
    chunk.update_ns = 4 + i % 3;
    costs.chunks.push_back(chunk);
  }
  costs.transfer_ns = seed % 5;
  costs.load_ns = seed % 2;
  costs.reduce_ns = 3;
  return costs;
}

TEST_CASE("a higher cost ends nothing earlier, and scaled costs scale the step") {
  for (const ScheduleInfo& info : Catalog()) {
    for (int seed = 0; seed < 6; ++seed) {
      const int p = 2 + seed % 3;
      const CostModel costs = MixedCosts(p * info.default_chunks, seed);
      const Program program = LowerNamed(std::string(info.name), {p, 5}, costs);
      const Trace trace = MustSimulate(program, costs);
      auto check_no_earlier = [&](const CostModel& raised) {
        const Trace later = MustSimulate(program, raised);
        for (size_t device = 0; device < trace.devices.size(); ++device) {
          for (size_t i = 0; i < trace.devices[device].size(); ++i) {
            REQUIRE(later.devices[device][i].end >= trace.devices[device][i].end);
          }
        }
      };
      for (size_t chunk = 0; chunk < costs.chunks.size(); ++chunk) {
        for (auto field : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
                           &ChunkCosts::update_ns}) {
          CostModel raised = costs;
          raised.chunks[chunk].*field += 17;
          check_no_earlier(raised);
        }
      }
      for (auto field : {&CostModel::transfer_ns, &CostModel::load_ns, &CostModel::reduce_ns}) {
        CostModel raised = costs;
        raised.*field += 17;
        check_no_earlier(raised);
      }
      CostModel scaled = costs;
      for (ChunkCosts& chunk : scaled.chunks) {
        for (auto field : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
                           &ChunkCosts::update_ns}) {
          chunk.*field *= 1000;
        }
      }
      scaled.transfer_ns *= 1000;
      scaled.load_ns *= 1000;
      scaled.reduce_ns *= 1000;
      const Trace longer = MustSimulate(program, scaled);
      CHECK(StepTimeOf(longer) == 1000 * StepTimeOf(trace));
    }
  }
}

TEST_CASE("intervals are ordered, lanes do not overlap, waits hold, both sides of a transfer agree") {
  for (const ScheduleInfo& info : Catalog()) {
    const CostModel costs = MixedCosts(4 * info.default_chunks, 3);
    const Program program = LowerNamed(std::string(info.name), {4, 6}, costs);
    const Trace trace = MustSimulate(program, costs);
    std::vector<std::pair<Nanos, Nanos>> sends;
    std::vector<std::pair<Nanos, Nanos>> recvs;
    for (int device = 0; device < 4; ++device) {
      const DeviceProgram& code = program.devices[device];
      Nanos compute_end = 0;
      std::map<std::pair<bool, int>, Nanos> last_match;  // (is send, peer)
      for (size_t i = 0; i < code.instructions.size(); ++i) {
        const Interval& interval = trace.devices[device][i];
        REQUIRE(interval.ready <= interval.start);
        REQUIRE(interval.start <= interval.end);
        for (int32_t wait : code.WaitsOf(code.instructions[i])) {
          REQUIRE(trace.devices[device][wait].end <= interval.start);
        }
        if (IsCompute(code.instructions[i].operation)) {
          REQUIRE(interval.ready == compute_end);
          compute_end = interval.end;
        } else if (IsCollective(code.instructions[i].operation)) {
          Nanos ready = 0;  // each group has one collective
          for (int32_t wait : code.WaitsOf(code.instructions[i])) {
            ready = std::max(ready, trace.devices[device][wait].end);
          }
          REQUIRE(interval.ready == ready);
        } else {
          const bool is_send = std::holds_alternative<Send>(code.instructions[i].operation);
          (is_send ? sends : recvs).push_back({interval.start, interval.end});
          const int peer = is_send ? std::get<Send>(code.instructions[i].operation).peer
                                   : std::get<Recv>(code.instructions[i].operation).peer;
          Nanos ready = last_match[{is_send, peer}];
          for (int32_t wait : code.WaitsOf(code.instructions[i])) {
            ready = std::max(ready, trace.devices[device][wait].end);
          }
          REQUIRE(interval.ready == ready);
          last_match[{is_send, peer}] = interval.start;
          REQUIRE(interval.end == interval.start + costs.transfer_ns);
        }
      }
    }
    std::sort(sends.begin(), sends.end());
    std::sort(recvs.begin(), recvs.end());
    CHECK(sends == recvs);
    size_t crossings = 0;  // from chunk to chunk between devices
    for (int chunk = 1; chunk < program.num_chunks; ++chunk) {
      for (int i = 0; i < 6; ++i) crossings += program.DeviceOf(chunk - 1, i) != program.DeviceOf(chunk, i);
    }
    CHECK(sends.size() == 2 * crossings);
  }
}

// When each action starts if only its device's order, its data and the latency delay it. Repeats until nothing changes.
std::map<std::tuple<ActionKind, int, int>, Nanos> EarliestStarts(const ComputeOrder& order, const CostModel& costs) {
  std::map<std::tuple<ActionKind, int, int>, Nanos> starts;
  auto duration = [&](const Action& action) {
    const ChunkCosts& chunk = costs.chunks[action.chunk];
    const Nanos of[] = {chunk.forward_ns, chunk.backward_ns(), chunk.backward_input_ns, chunk.backward_weight_ns};
    return of[static_cast<int>(action.kind)];
  };
  bool changed = true;
  while (changed) {
    changed = false;
    for (int device = 0; device < order.num_devices(); ++device) {
      Nanos now = 0;
      for (const Action& action : order.devices[device]) {
        const int source = action.kind == ActionKind::kForward ? action.chunk - 1 : action.chunk + 1;
        if (action.kind != ActionKind::kBackwardWeight && source >= 0 && source < order.num_chunks) {
          const Action from = {action.kind, source, action.micro_batch};
          const int link = std::min<int>(source, action.chunk);
          const Nanos latency = order.placement.FirstDeviceOf(source) == device ? 0 : costs.LinkNs(link);
          now = std::max(now, starts[{from.kind, from.chunk, from.micro_batch}] + duration(from) + latency);
        }
        Nanos& start = starts[{action.kind, action.chunk, action.micro_batch}];
        changed = changed || start != now;
        start = now;
        now += duration(action);
      }
    }
  }
  return starts;
}

TEST_CASE("at the costs of its lowering, only data and latency delay a program") {
  std::vector<ComputeOrder> orders;
  for (const char* name : {"naive", "gpipe", "1f1b"}) orders.push_back(*MakeOrder(name, {4, 7}));
  orders.push_back(*MakeOrder("gpipe", {3, 5, 2}));
  for (bool split : {false, true}) {
    orders.push_back(GreedyOrder(PlaceAsV(3), 3, 7, split));
    orders.push_back(GreedyOrder({0, 2, 1, 1, 0, 2, 2}, 3, 5, split));
  }
  for (const ComputeOrder& order : orders) {
    for (Nanos transfer_ns : {0, 15, 100, 450, -1}) {
      CostModel costs = VariedCosts(order.num_chunks);
      costs.transfer_ns = transfer_ns;
      if (transfer_ns < 0) {  // links that differ
        costs.transfer_ns = 0;
        for (int chunk = 0; chunk < order.num_chunks; ++chunk) costs.link_ns.push_back(chunk * 130 % 310);
      }
      costs.load_ns = 0;
      auto program = Lower(order, {"", costs});
      REQUIRE(program.ok());
      const Trace trace = MustSimulate(*program, costs);
      const auto expected = EarliestStarts(order, costs);
      for (int device = 0; device < order.num_devices(); ++device) {
        size_t position = 0;
        for (size_t i = 0; i < program->devices[device].instructions.size(); ++i) {
          const Operation& operation = program->devices[device].instructions[i].operation;
          if (!IsCompute(operation) || std::holds_alternative<Load>(operation)) continue;
          if (position == order.devices[device].size()) break;  // Update
          const Action& action = order.devices[device][position++];
          INFO("transfer_ns " << transfer_ns << " device " << device << " position " << position - 1);
          REQUIRE(trace.devices[device][i].start == expected.at({action.kind, action.chunk, action.micro_batch}));
        }
        CHECK(position == order.devices[device].size());
      }
    }
  }
}

TEST_CASE("receives are posted early enough: every transfer starts when its data is ready") {
  for (const char* name : {"naive", "gpipe", "1f1b"}) {
    for (int seed = 0; seed < 8; ++seed) {
      CostModel costs = MixedCosts(5, seed);
      for (ChunkCosts& chunk : costs.chunks) chunk.backward_weight_ns += 1;
      const Program program = LowerNamed(name, {5, 7}, costs);
      const Trace trace = MustSimulate(program, costs);
      for (int device = 0; device < 5; ++device) {
        for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
          if (!std::holds_alternative<Send>(program.devices[device].instructions[i].operation)) continue;
          REQUIRE(trace.devices[device][i].start == trace.devices[device][i - 1].end);
        }
      }
    }
  }
}

}  // namespace
}  // namespace baton
