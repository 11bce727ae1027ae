// Each instruction fails in turn: the error names it, every worker comes back, and after a Reset the step runs.
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/execute/testing/fault_site.h"
#include "runtime/execute/testing/faults.h"
#include "runtime/execute/testing/pipeline_harness.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

void RunWithFaultAt(const PipelineSpec& spec, int device, int index) {
  CAPTURE(device, index);
  std::optional<FaultyTransport> transport;  // the executor of the harness uses it to its end
  PipelineHarness harness(spec);
  const FaultSite site = SiteOf(harness.program(), device, index);
  FaultyModule module(harness.options().modules[device], site.module_call);
  harness.options().modules[device] = &module;
  transport.emplace(harness.options().transport, site.from, site.to, site.send, site.receive);
  harness.options().transport = &*transport;
  REQUIRE(harness.Start() == absl::OkStatus());

  const Operation& operation = harness.program().devices[device].instructions[index].operation;
  const absl::Status expected = absl::DataLossError(
      absl::StrCat("device ", device, ", instruction ", index, " (", Describe(operation), "): injected"));
  Trace trace;
  REQUIRE(harness.executor().RunStep(&trace) == expected);
  // The failure stays until it is dealt with.
  REQUIRE(harness.executor().RunStep(&trace) == expected);

  harness.executor().Reset();
  harness.BindAll();
  const int64_t before = harness.module(device).Parameter(0);
  REQUIRE(harness.executor().RunStep(&trace) == absl::OkStatus());
  REQUIRE(harness.module(device).Parameter(0) - before == harness.module(device).ExpectedParameter(1));
}

TEST_CASE("executor: each instruction fails in turn") {
  PipelineSpec spec;
  spec.num_devices = GENERATE(1, 3);
  spec.num_micro_batches = 4;
  spec.split_backward = GENERATE(false, true);
  const Program program = MakePipeline(spec);
  for (int device = 0; device < program.num_devices(); ++device) {
    const int num_instructions = static_cast<int>(program.devices[device].instructions.size());
    for (int index = 0; index < num_instructions; ++index) RunWithFaultAt(spec, device, index);
  }
}

TEST_CASE("executor: an executor that failed can be destroyed without a reset") {
  PipelineSpec spec;
  spec.num_devices = 4;
  PipelineHarness harness(spec);
  FaultyModule module(harness.options().modules[3], 0);
  harness.options().modules[3] = &module;
  REQUIRE(harness.Start() == absl::OkStatus());
  CHECK(harness.executor().RunStep(nullptr).code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("executor: transfers whose sizes differ end the step with an internal error") {
  PipelineSpec spec;
  Program program = MakePipeline(spec);
  for (Slot& slot : program.devices[1].slots) {
    if (slot.kind == SlotKind::kInput) slot.bytes /= 2;
  }
  PipelineHarness harness(spec, program);
  REQUIRE(harness.Start() == absl::OkStatus());
  const absl::Status status = harness.executor().RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK_THAT(std::string(status.message()), Catch::Contains("a send of 64 bytes matches a receive of 32 bytes"));
}

}  // namespace
}  // namespace baton
