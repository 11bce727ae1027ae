// Recomputation from the order to the trace: its memory, its time, and the faults of it that the proof finds.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/compile/compile.h"
#include "schedules/order/read_csv.h"
#include "schedules/program/form/csv.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/program/structure.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

constexpr Nanos kForward = 1000;

// Equal costs for all chunks. Half of the bytes saved by a Forward are `saved`, half `saved_weight`.
CompileRequest Request(std::string_view schedule, int stages, int micro_batches, bool recomputes) {
  CompileRequest request;
  request.schedule = std::string(schedule);
  request.chunks_per_device = FindSchedule(schedule).value()->default_chunks;
  request.num_stages = stages;
  request.num_micro_batches = micro_batches;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = kForward;
  chunk.input_bytes = chunk.output_bytes = 64;
  chunk.can_recompute = recomputes;
  (recomputes ? chunk.recomputed_bytes : chunk.saved_bytes) = 6400;
  (recomputes ? chunk.recomputed_weight_bytes : chunk.saved_weight_bytes) = 6400;
  if (recomputes) chunk.recompute_ns = kForward;
  request.costs.chunks.assign(stages * request.chunks_per_device, chunk);
  request.costs.chunks.back().output_bytes = 0;
  return request;
}

Nanos StepTime(const Program& program, const CostModel& costs) {
  Nanos end = 0;
  const Trace trace = Simulate(program, costs).value();
  for (const auto& intervals : trace.devices) {
    for (const Interval& interval : intervals) end = std::max(end, interval.end);
  }
  return end;
}

int CountSlots(const DeviceProgram& device, SlotKind kind) {
  return static_cast<int>(
      std::count_if(device.slots.begin(), device.slots.end(), [kind](const Slot& slot) { return slot.kind == kind; }));
}

int CountRecomputes(const Program& program) {
  int count = 0;
  for (const DeviceProgram& device : program.devices) {
    for (const Instruction& each : device.instructions) count += std::holds_alternative<Recompute>(each.operation);
  }
  return count;
}

TEST_CASE("every schedule recomputes: proven, never more memory, never less time, in every form of a program") {
  for (const ScheduleInfo& schedule : Catalog()) {
    CAPTURE(schedule.name);
    const CompileRequest keeps = Request(schedule.name, 4, 8, false);
    const CompileRequest recomputes = Request(schedule.name, 4, 8, true);
    const Program all = Compile(keeps).value();
    const Program less = Compile(recomputes).value();
    for (int device = 0; device < 4; ++device) {
      CHECK(less.devices[device].arena_bytes <= all.devices[device].arena_bytes);
    }
    CHECK(StepTime(less, recomputes.costs) >= StepTime(all, keeps.costs));
    CHECK(SameProgram(ParseProgramProto(PrintProgramProto(less)).value(), less));
    CHECK(CountRecomputes(all) == 0);
    // The same order, read back from its file.
    CompileRequest from_file = recomputes;
    from_file.schedule = "csv";
    auto order = std::make_shared<ComputeOrder>(ReadCsv(WriteCsv(less, false), "order").value().order);
    from_file.order = order;
    CHECK(WriteCsv(Compile(from_file).value(), true) == WriteCsv(less, true));
    const Program evaluation = CompileForwardOnly(recomputes).value();
    CHECK(CountRecomputes(evaluation) == 0);
  }
}

TEST_CASE("1F1B on four devices keeps one micro-batch's worth where it kept up to four") {
  const Program all = Compile(Request("1f1b", 4, 8, false)).value();
  const Program less = Compile(Request("1f1b", 4, 8, true)).value();
  for (int device = 0; device < 4; ++device) {
    CHECK(CountSlots(all.devices[device], SlotKind::kSaved) == 4 - device);
    CHECK(CountSlots(less.devices[device], SlotKind::kRecomputed) == 1);
    CHECK(CountSlots(less.devices[device], SlotKind::kRecomputedWeight) == 1);
    CHECK(CountSlots(less.devices[device], SlotKind::kInput) >= 4 - device);
  }
  // On the last device each backward comes right after its forward, so nothing is recomputed.
  CHECK(CountRecomputes(less) == 3 * 8);
}

TEST_CASE("a recomputation takes its time, or the time in which a device waits for the gradient") {
  CompileRequest request = Request("gpipe", 1, 3, true);
  // F F F, then RB RB RB: two other backwards come before that of the last forward.
  CHECK(StepTime(Compile(request).value(), request.costs) == (3 + 9) * kForward);
  // One micro-batch on two devices: device 0 recomputes while device 1 computes.
  request = Request("gpipe", 2, 1, true);
  CHECK(StepTime(Compile(request).value(), request.costs) == 6 * kForward);
}

TEST_CASE("an order that recomputes what is kept is refused") {
  CompileRequest request = Request("gpipe", 1, 2, false);
  request.schedule = "csv";
  request.order = std::make_shared<ComputeOrder>(ReadCsv("0F0,0F1,0R0,0B0,0R1,0B1\n", "order").value().order);
  CHECK(Compile(request).status().message() ==
        "pipeline.order: the file recomputes chunk 0, which saves all of its activations; see pipeline.recompute");
  for (ChunkCosts& chunk : request.costs.chunks) chunk.can_recompute = true;
  CHECK(Compile(request).ok());
  const auto wrong = [&request](const char* csv) {
    request.order = std::make_shared<ComputeOrder>(ReadCsv(csv, "order").value().order);
    return std::string(Compile(request).status().message());
  };
  CHECK_THAT(wrong("0F0,0F1,0B0,0R0,0B1\n"), Catch::Contains("0R0 comes after its backward at position 2"));
  CHECK_THAT(wrong("0R0,0F0,0F1,0B0,0B1\n"), Catch::Contains("0R0 comes before its forward"));
  CHECK_THAT(wrong("0F0,0F1,0R0,0R0,0B0,0B1\n"), Catch::Contains("0R0 is repeated; first at position 2"));
}

// The first instruction of the kind on device 0.
template <typename Kind>
Kind& First(Program& program) {
  for (Instruction& each : program.devices[0].instructions) {
    if (Kind* found = std::get_if<Kind>(&each.operation)) return *found;
  }
  FAIL("there is none");
  return std::get<Kind>(program.devices[0].instructions[0].operation);
}

TEST_CASE("the proof finds recomputations that are lost, late or mixed up") {
  const Program sound = Compile(Request("gpipe", 1, 3, true)).value();
  const auto finds = [](const Program& program, const std::string& part) {
    std::string all;
    for (const Violation& each : Validate(program)) all += FormatViolation(program, each) + "\n";
    INFO(all);
    CHECK(all.find(part) != std::string::npos);
  };
  REQUIRE(Validate(sound).empty());
  Program program = sound;
  First<Recompute>(program).micro_batch = 1;
  finds(program, "is done twice");
  program = sound;
  std::swap(program.devices[0].instructions[2], program.devices[0].instructions[9]);
  finds(program, "(Recompute chunk 0 micro-batch 0): completeness: comes before its Forward");
  program = sound;
  First<Backward>(program).recomputed = kNoSlot;
  finds(program, "has no slot for the recomputed of chunk 0 micro-batch 0");
  program = sound;
  First<Backward>(program).recomputed_weight = First<Backward>(program).saved_weight;
  finds(program, "is of the wrong kind for the recomputed weight");
  program = sound;
  std::vector<Instruction>& code = program.devices[0].instructions;
  const auto is_recompute = [](const Instruction& each) { return std::holds_alternative<Recompute>(each.operation); };
  const auto first = std::find_if(code.begin(), code.end(), is_recompute);
  std::swap(first->operation, (first + 1)->operation);
  finds(program, "comes after the backward at instruction");
  finds(program, "which contains the recomputed of chunk 0 micro-batch 2");
}

}  // namespace
}  // namespace baton
