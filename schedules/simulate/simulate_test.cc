// The simulator against closed formulas, published figures, and properties of time.
#include "schedules/simulate/simulate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/order/forward_only.h"

namespace baton {
namespace {

CostModel UniformCosts(int num_chunks, Nanos forward, Nanos input, Nanos weight, Nanos transfer) {
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = forward;
  chunk.backward_input_ns = input;
  chunk.backward_weight_ns = weight;
  costs.chunks.assign(num_chunks, chunk);
  costs.transfer_ns = transfer;
  return costs;
}

Program LowerNamed(const std::string& name, const OrderRequest& request, const CostModel& costs,
                   std::vector<ReduceGroup> groups = {}) {
  auto order = MakeOrder(name, request);
  REQUIRE(order.ok());
  auto program = Lower(*order, {name, costs, std::move(groups)});
  REQUIRE(program.ok());
  return *std::move(program);
}

Trace MustSimulate(const Program& program, const CostModel& costs) {
  auto trace = Simulate(program, costs);
  INFO(trace.status());
  REQUIRE(trace.ok());
  return *std::move(trace);
}

Nanos Makespan(const Trace& trace) {
  Nanos makespan = 0;
  for (const auto& intervals : trace.devices) {
    for (const Interval& interval : intervals) makespan = std::max(makespan, interval.end);
  }
  return makespan;
}

// The longest time from a device's own first Forward or backward to its own last.
Nanos Span(const Program& program, const Trace& trace) {
  Nanos span = 0;
  for (int device = 0; device < program.num_devices(); ++device) {
    Nanos first = -1;
    Nanos last = 0;
    for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
      const Operation& operation = program.devices[device].instructions[i].operation;
      if (!std::holds_alternative<Forward>(operation) && !std::holds_alternative<Backward>(operation)) continue;
      if (first < 0) first = trace.devices[device][i].start;
      last = trace.devices[device][i].end;
    }
    span = std::max(span, last - first);
  }
  return span;
}

TEST_CASE("makespans are those of the closed formulas") {
  const Nanos forward = 10;
  const Nanos backward = 21;
  for (int p : {1, 2, 3, 4, 7, 8}) {
    for (int m : {1, 2, 3, 5, 8, 16, 31}) {
      INFO("p=" << p << " m=" << m);
      const CostModel costs = UniformCosts(p, forward, 12, 9, 0);
      const Nanos total = forward + backward;
      CHECK(Makespan(MustSimulate(LowerNamed("naive", {p, m}, costs), costs)) == m * p * total);
      CHECK(Makespan(MustSimulate(LowerNamed("gpipe", {p, m}, costs), costs)) == (m + p - 1) * total);
      CHECK(Makespan(MustSimulate(LowerNamed("1f1b", {p, m}, costs), costs)) == (m + p - 1) * total);
    }
  }
}

TEST_CASE("breadth-first GPipe shrinks the bubble by the number of chunks") {
  for (int v : {1, 2, 3, 4}) {
    for (int p : {2, 4}) {
      const int m = 8;
      const CostModel costs = UniformCosts(p * v, 12, 12, 12, 0);
      // m·v chunk passes of work, and the bubble of p − 1 passes of one chunk.
      CHECK(Makespan(MustSimulate(LowerNamed("gpipe", {p, m, v}, costs), costs)) == (m * v + p - 1) * 36);
    }
  }
}

TEST_CASE("latency adds a hop for every stage that the first micro-batch crosses") {
  const CostModel costs = UniformCosts(4, 10, 10, 10, 7);
  CHECK(Makespan(MustSimulate(LowerNamed("gpipe", {4, 6}, costs), costs)) == (6 + 3) * 30 + 2 * 3 * 7);
  CHECK(Makespan(MustSimulate(LowerNamed("naive", {4, 6}, costs), costs)) == 6 * (4 * 30 + 2 * 3 * 7));
}

TEST_CASE("1F1B replays the cells of the Zero Bubble paper's table 5") {
  struct Row {
    Nanos forward, input, weight, transfer;
    double ratio;
  };
  const Row rows[] = {{18522000, 18086000, 9337000, 601000, .2431}, {29718000, 29444000, 19927000, 527000, .2347}};
  for (const Row& row : rows) {
    const CostModel costs = UniformCosts(8, row.forward, row.input, row.weight, row.transfer);
    const Program program = LowerNamed("1f1b", {8, 24}, costs);
    const double span = static_cast<double>(Span(program, MustSimulate(program, costs)));
    const double work = 24.0 * (row.forward + row.input + row.weight);
    CHECK(std::round((span - work) / span * 1e4) / 1e4 == Approx(row.ratio).epsilon(1e-9));
  }
}

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

TEST_CASE("raising one cost never shortens, and scaling all scales") {
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
      CHECK(Makespan(longer) == 1000 * Makespan(trace));
    }
  }
}

TEST_CASE("intervals are ordered, lanes do not overlap, waits are kept, both sides of a transfer agree") {
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

// When each action starts if nothing but the order of each device, data and latency holds it up; by repetition until
// nothing changes.
std::map<std::tuple<ActionKind, int, int>, Nanos> Replay(const ComputeOrder& order, const CostModel& costs) {
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

TEST_CASE("at the costs of its lowering, a program is held up by nothing but data and latency") {
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
      const auto expected = Replay(order, costs);
      for (int device = 0; device < order.num_devices(); ++device) {
        size_t position = 0;
        for (size_t i = 0; i < program->devices[device].instructions.size(); ++i) {
          const Operation& operation = program->devices[device].instructions[i].operation;
          if (!IsCompute(operation) || std::holds_alternative<Load>(operation)) continue;
          if (position == order.devices[device].size()) break;  // AllReduce and Update
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

TEST_CASE("an AllReduce goes on when the last participant has arrived") {
  CostModel costs = UniformCosts(3, 10, 10, 10, 0);
  costs.reduce_ns = 5;
  for (ChunkCosts& chunk : costs.chunks) chunk.update_ns = 2;
  const Program program = LowerNamed(
      "gpipe", {3, 2}, costs,
      {{ReduceKind::kTiedGradient, "embedding", {0, 2}, 64}, {ReduceKind::kGradientNorm, "", {0, 1, 2}, 64}});
  const Trace trace = MustSimulate(program, costs);
  // Device 0 is the last to be done with its backwards, at (2 + 3 − 1) · 30.
  const auto& last = trace.devices[2];
  CHECK(last[last.size() - 3].ready == 80);
  CHECK(last[last.size() - 3].start == 120);
  CHECK(last[last.size() - 3].end == 125);
  CHECK(last[last.size() - 2].start == 125);
  CHECK(Makespan(trace) == 120 + 5 + 5 + 2);
  const auto& middle = trace.devices[1];
  CHECK(middle[middle.size() - 2].ready == 100);
  CHECK(middle[middle.size() - 2].start == 125);
}

TEST_CASE("a forward-only program takes m + p - 1 forwards") {
  const CostModel costs = UniformCosts(4, 10, 20, 30, 0);
  auto program = Lower(ForwardOnly(*MakeOrder("gpipe", {4, 6})), {"forward", costs});
  REQUIRE(program.ok());
  CHECK(Makespan(MustSimulate(*program, costs)) == (6 + 4 - 1) * 10);
}

TEST_CASE("what cannot run is refused, not run") {
  const CostModel costs = UniformCosts(2, 1, 1, 1, 0);
  const Program good = LowerNamed("gpipe", {2, 2}, costs);
  CHECK(Simulate(good, UniformCosts(3, 1, 1, 1, 0)).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(Simulate(good, UniformCosts(2, -1, 1, 1, 0)).status().code() == absl::StatusCode::kInvalidArgument);
  auto check_refused = [&](auto change, const std::string& message) {
    Program program = good;
    change(program);
    const absl::Status status = Simulate(program, costs).status();
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(std::string(status.message()) == message);
  };
  // Device 0: Load, Forward, Send, Load, Forward, Send, …
  auto send = [](Program& program) { return std::get_if<Send>(&program.devices[0].instructions[2].operation); };
  REQUIRE(send(const_cast<Program&>(good)) != nullptr);
  check_refused([&](Program& program) { send(program)->peer = 2; },
                "device 0 instruction 2: peer 2 is not another device");
  check_refused([&](Program& program) { program.devices[0].waits[0] = 2; },
                "device 0 instruction 2 (Send activation chunk 0 micro-batch 0 to device 1) waits for instruction 2");
  check_refused([&](Program& program) { program.devices[0].instructions[2].first_wait = 1u << 31; },
                "device 0 instruction 2 (Send activation chunk 0 micro-batch 0 to device 1) names waits that are not "
                "there");
  check_refused(
      [&](Program& program) { std::get_if<Forward>(&program.devices[0].instructions[1].operation)->chunk = 2; },
      "device 0 instruction 1 (Forward chunk 2 micro-batch 0) names a chunk that is not there");
  check_refused([&](Program& program) { program.devices[0].instructions.back().operation = AllReduce{0}; },
                "device 0 instruction " + std::to_string(good.devices[0].instructions.size() - 1) +
                    " (AllReduce group 0) names a group that is not there");
  check_refused([&](Program& program) { program.placement = ChunkPlacement::Of({0}); },
                "1 chunks are on devices; there are 2 chunks");
  check_refused([&](Program& program) { program.devices[0].instructions.resize(2); },
                "device 1 instruction 0 (Recv activation chunk 1 micro-batch 0 from device 0) never ends");
}

TEST_CASE("what waited for a transfer begins late, what its device came to later does not") {
  // One micro-batch goes down and up: two transfers that are waited for.
  CostModel costs = UniformCosts(2, 100, 60, 40, 10);
  const Nanos on_time = Makespan(MustSimulate(LowerNamed("gpipe", {2, 1}, costs), costs));
  costs.wake_ns = 7;
  CHECK(Makespan(MustSimulate(LowerNamed("gpipe", {2, 1}, costs), costs)) == on_time + 2 * 7);
  // Of four, the second to the last forward find their input there, and so do the backwards of device 0.
  const Program program = LowerNamed("gpipe", {2, 4}, costs);
  const Nanos late = Makespan(MustSimulate(program, costs));
  costs.wake_ns = 0;
  CHECK(late == Makespan(MustSimulate(program, costs)) + 2 * 7);
  // A single device waits for nobody.
  CostModel alone = UniformCosts(1, 100, 60, 40, 10);
  alone.wake_ns = 1'000;
  CHECK(Makespan(MustSimulate(LowerNamed("gpipe", {1, 3}, alone), alone)) == 3 * 200);
}

TEST_CASE("a step replayed with its own durations is the same step, in any transport") {
  CostModel costs = UniformCosts(8, 70, 110, 50, 13);
  for (size_t i = 0; i < costs.chunks.size(); ++i) costs.chunks[i].forward_ns += 7 * static_cast<Nanos>(i);
  costs.load_ns = 3;
  costs.reduce_ns = 17;
  const TransportModel transport =
      GENERATE(TransportModel{}, TransportModel{2, QueueKind::kPerPeer}, TransportModel{0, QueueKind::kPerDevice});
  const char* schedule = GENERATE("1f1b", "zb-v", "gpipe");
  const int stages = schedule == std::string("zb-v") ? 4 : 8;
  LowerOptions options;
  options.costs = costs;
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 7}, 64}};
  options.transport = transport;
  const Program program = Lower(MakeOrder(schedule, {stages, 6}).value(), options).value();
  const Trace trace = Simulate(program, costs, {transport}).value();
  const Trace again = Replay(program, DurationsOf(trace), {transport}).value();
  for (int device = 0; device < stages; ++device) {
    for (size_t i = 0; i < trace.devices[device].size(); ++i) {
      const Interval& a = trace.devices[device][i];
      const Interval& b = again.devices[device][i];
      REQUIRE(std::tie(a.ready, a.start, a.end) == std::tie(b.ready, b.start, b.end));
    }
  }
}

TEST_CASE("durations that do not fit the program are refused") {
  const CostModel costs = UniformCosts(2, 1, 1, 1, 0);
  const Program program = LowerNamed("gpipe", {2, 2}, costs);
  const Durations good = DurationsOf(MustSimulate(program, costs));
  auto check_refused = [&](auto change, const std::string& message) {
    Durations durations = good;
    change(durations);
    const absl::Status status = Replay(program, durations).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(status.message()) == message);
  };
  check_refused([](Durations& d) { d.pop_back(); }, "durations: of 1 devices, but there are 2");
  check_refused([](Durations& d) { d[1].resize(3); },
                "durations: 3 for the " + std::to_string(good[1].size()) + " instructions of device 1");
  check_refused([](Durations& d) { d[0][1] = -4; }, "durations: -4 ns for instruction 1 of device 0");
}

}  // namespace
}  // namespace baton
