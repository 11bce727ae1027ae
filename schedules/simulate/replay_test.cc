// Steps replayed with their own durations, and input that the simulator refuses.
#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "schedules/simulate/simulate.h"
#include "schedules/simulate/testing/lowered.h"

namespace baton {
namespace {

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
  check_refused([](Durations& d) { d.pop_back(); }, "durations: given for 1 devices, but the program has 2");
  check_refused([](Durations& d) { d[1].resize(3); },
                "durations: 3 for the " + std::to_string(good[1].size()) + " instructions of device 1");
  check_refused([](Durations& d) { d[0][1] = -4; },
                "durations: -4 ns for instruction 1 of device 0; it must be at least 0");
}

TEST_CASE("a program that cannot run is refused with its first bad instruction") {
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
  check_refused(
      [&](Program& program) { program.devices[0].waits[0] = 2; },
      "device 0 instruction 2 (Send activation chunk 0 micro-batch 0 to device 1) waits for instruction 2, which is "
      "not before it");
  check_refused(
      [&](Program& program) { program.devices[0].instructions[2].first_wait = 1u << 31; },
      "device 0 instruction 2 (Send activation chunk 0 micro-batch 0 to device 1) names waits from 2147483648 "
      "to below 2147483649; its device has " +
          std::to_string(good.devices[0].waits.size()));
  check_refused(
      [&](Program& program) { std::get_if<Forward>(&program.devices[0].instructions[1].operation)->chunk = 2; },
      "device 0 instruction 1 (Forward chunk 2 micro-batch 0) names a chunk that does not exist");
  check_refused([&](Program& program) { program.devices[0].instructions.back().operation = AllReduce{0}; },
                "device 0 instruction " + std::to_string(good.devices[0].instructions.size() - 1) +
                    " (AllReduce group 0) names a group that does not exist");
  check_refused([&](Program& program) { program.placement = ChunkPlacement::Of({0}); },
                "1 chunks are on devices; there are 2 chunks");
  check_refused([&](Program& program) { program.devices[0].instructions.resize(2); },
                "device 1 instruction 0 (Recv activation chunk 1 micro-batch 0 from device 0) never ends");
}

}  // namespace
}  // namespace baton
