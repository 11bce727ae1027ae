// Critical paths and their shares, of steps that are short enough to follow by hand.
#include "schedules/analyze/blame.h"

#include <catch2/catch.hpp>
#include <string>

#include "schedules/analyze/testing/simulated.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

std::vector<PathSegment> PathOf(const Simulated& run, const TransportModel& transport = {}) {
  return CriticalPath(run.program, Dependencies(run.program, transport), run.trace);
}

const Operation& OperationOf(const Program& program, InstructionRef ref) {
  return program.devices[ref.device].instructions[ref.instruction].operation;
}

// As "0:Forward0 1:Recv0", without Loads.
std::string Written(const Program& program, const std::vector<PathSegment>& path) {
  std::string text;
  for (const PathSegment& segment : path) {
    const Operation& operation = OperationOf(program, segment.ref);
    if (KindOf(operation) == Kind::kLoad) continue;
    text += (text.empty() ? "" : " ") + std::to_string(segment.ref.device) + ":" + (segment.is_gap ? "gap-" : "") +
            NameOf(KindOf(operation));
    if (MicroBatchOf(operation) >= 0) text += " m" + std::to_string(MicroBatchOf(operation));
  }
  return text;
}

// The segments fill the step without holes.
void CheckFills(const Simulated& run, const std::vector<PathSegment>& path) {
  Nanos last = 0;
  for (const auto& intervals : run.trace.devices) {
    for (const Interval& interval : intervals) last = std::max(last, interval.end);
  }
  REQUIRE_FALSE(path.empty());
  Nanos now = 0;
  for (const PathSegment& segment : path) {
    CHECK(segment.begin == now);
    now = segment.end;
  }
  CHECK(now == last);
}

TEST_CASE("the path of one micro-batch goes down and up") {
  const Simulated run = SimulateEqual("gpipe", 2, 1, /*transfer_ns=*/250'000);
  const std::vector<PathSegment> path = PathOf(run);
  CheckFills(run, path);
  CHECK(Written(run.program, path) ==
        "0:forward m0 1:receive m0 1:forward m0 1:backward m0 0:receive m0 0:backward m0 0:optimizer update");
  const Blame blame = BlameOf(run.program, path, run.trace);
  CHECK(blame.step_time == 6'500'000);
  CHECK(blame.chunks[0].Of(Kind::kForward).time == 1'000'000);
  CHECK(blame.chunks[0].Of(Kind::kBackward).time == 2'000'000);
  CHECK(blame.chunks[1].Total().time == 3'000'000);
  REQUIRE(blame.links.size() == 2);
  CHECK(blame.links[0].from == 0);
  CHECK(blame.links[0].to == 1);
  CHECK(blame.links[0].carried.time == 250'000);
  CHECK(blame.links[1].from == 1);
  CHECK(blame.links[1].to == 0);
  CHECK(blame.dispatch == 0);
  CHECK(DescribeShares(blame, 2) == "chunk 0 46.2 %, chunk 1 46.2 %, transfers 7.7 %");
  CHECK(DescribeShares(blame, 1) == "chunk 0 46.2 %, 2 others 53.8 %");
}

TEST_CASE("a slow chunk in the middle is on the path for all its micro-batches") {
  CostModel costs = EqualMilliseconds(3);
  costs.chunks[1].forward_ns = 3'000'000;
  costs.chunks[1].backward_input_ns = 5'000'000;
  const Simulated run = SimulateNamed("1f1b", {3, 5}, costs);
  const std::vector<PathSegment> path = PathOf(run);
  CheckFills(run, path);
  const Blame blame = BlameOf(run.program, path, run.trace);
  CHECK(blame.chunks[1].Of(Kind::kForward).count == 5);
  CHECK(blame.chunks[1].Of(Kind::kBackward).count == 5);
  CHECK(blame.chunks[1].Total().time == 5 * 9'000'000);
}

TEST_CASE("a late host is on the path as dispatch") {
  Simulated run = SimulateEqual("gpipe", 1, 2);
  int forwards = 0;
  Nanos shift = 0;
  for (size_t i = 0; i < run.program.devices[0].instructions.size(); ++i) {
    if (std::holds_alternative<Forward>(run.program.devices[0].instructions[i].operation) && ++forwards == 2) {
      shift = 100'000;
    }
    run.trace.devices[0][i].start += shift;
    run.trace.devices[0][i].end += shift;
  }
  const std::vector<PathSegment> path = PathOf(run);
  CheckFills(run, path);
  const Blame blame = BlameOf(run.program, path, run.trace);
  CHECK(blame.dispatch == 100'000);
  CHECK(blame.chunks[0].Total().time == 6'000'000);
}

TEST_CASE("measured times that cross do not break the path") {
  Simulated run = SimulateEqual("1f1b", 3, 4, 1000);
  // Every receive ends a little after what waits for it has begun, as if clocks were apart.
  for (int device = 0; device < 3; ++device) {
    for (size_t i = 0; i < run.trace.devices[device].size(); ++i) {
      if (KindOf(run.program.devices[device].instructions[i].operation) == Kind::kRecv) {
        run.trace.devices[device][i].end += 700;
      }
    }
  }
  CheckFills(run, PathOf(run));
}

TEST_CASE("with buffered transfers the path has no holes either") {
  const TransportModel transport =
      GENERATE(TransportModel{1, QueueKind::kPerPeer}, TransportModel{3}, TransportModel{0, QueueKind::kPerDevice});
  const char* schedule = GENERATE("1f1b", "zb-h1", "chimera", "gpipe");
  const Nanos transfer = GENERATE(0, 400'000, 2'500'000);
  const Simulated run = SimulateNamed(schedule, {4, 8}, EqualMilliseconds(4, transfer), transport);
  const std::vector<PathSegment> path = PathOf(run, transport);
  CheckFills(run, path);
  for (const PathSegment& segment : path) CHECK_FALSE(segment.is_gap);
}

TEST_CASE("WaitedFor follows transfers to the compute instruction that made the data") {
  const Simulated run = SimulateEqual("gpipe", 3, 1, 1000);
  const Dependencies dependencies(run.program);
  const auto& instructions = run.program.devices[2].instructions;
  for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
    if (KindOf(instructions[i].operation) != Kind::kForward) continue;
    const InstructionRef by = dependencies.WaitedFor(run.trace, {2, i});
    REQUIRE(by.instruction >= 0);
    CHECK(by.device == 1);
    CHECK(Describe(OperationOf(run.program, by)) == "Forward chunk 1 micro-batch 0");
  }
  for (int32_t i = 0; i < static_cast<int32_t>(run.program.devices[0].instructions.size()); ++i) {
    if (KindOf(run.program.devices[0].instructions[i].operation) != Kind::kLoad) continue;
    CHECK(dependencies.WaitedFor(run.trace, {0, i}).instruction == -1);
  }
}

TEST_CASE("a program without instructions has no path") {
  Program program;
  program.num_chunks = 1;
  program.devices.resize(1);
  Trace trace;
  trace.devices.resize(1);
  const Blame blame = BlameOf(program, CriticalPath(program, Dependencies(program), trace), trace);
  CHECK(blame.step_time == 0);
  CHECK(DescribeShares(blame, 3) == "nothing takes any time");
}

}  // namespace
}  // namespace baton
