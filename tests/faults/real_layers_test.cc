// Faults, the watchdog and uneven devices with real layers, optimizer and loads. Built once for each kind of device.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/execute/testing/fault_site.h"
#include "runtime/execute/testing/faults.h"
#include "runtime/execute/testing/uneven_module.h"
#include "schedules/program/form/describe.h"
#include "tests/faults/fault_job.h"
#include "tests/faults/job_pipeline.h"

namespace baton {
namespace {

using Parameters = std::vector<std::vector<std::byte>>;

// The parameters after one undisturbed step. Call it before another pipeline exists: a job of the stand-in makes the
// machine new.
const Parameters& AfterOneStep() {
  static const Parameters* const parameters = [] {
    JobPipeline pipeline(FaultJob());
    REQUIRE(pipeline.Start() == absl::OkStatus());
    const Parameters before = pipeline.Parameters();
    REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
    auto* const after = new Parameters(pipeline.Parameters());
    REQUIRE(*after != before);
    return after;
  }();
  return *parameters;
}

void RunWithFaultAt(int device, int index, const Parameters& undisturbed) {
  CAPTURE(device, index);
  std::optional<FaultyTransport> transport;  // the executor of the pipeline uses it to its end
  JobPipeline pipeline(FaultJob());
  const Operation operation = pipeline.program().devices[device].instructions[index].operation;
  const FaultSite site = SiteOf(pipeline.program(), device, index);
  FaultyModule module(pipeline.options().modules[device], site.module_call);
  pipeline.options().modules[device] = &module;
  transport.emplace(pipeline.options().transport, site.from, site.to, site.send, site.receive);
  pipeline.options().transport = &*transport;
  REQUIRE(pipeline.Start() == absl::OkStatus());
  const absl::Status expected = absl::DataLossError(
      absl::StrCat("device ", device, ", instruction ", index, " (", Describe(operation), "): injected"));
  REQUIRE(pipeline.executor().RunStep(nullptr) == expected);
  REQUIRE(pipeline.executor().RunStep(nullptr) == expected);
  pipeline.executor().Reset();
  REQUIRE(pipeline.Initialize() == absl::OkStatus());
  REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
  CHECK(pipeline.Parameters() == undisturbed);
}

TEST_CASE("real layers: each instruction fails in turn, and after a reset the step has the same bits") {
  const Parameters& undisturbed = AfterOneStep();
  const Program program = JobPipeline(FaultJob()).program();
  for (int device = 0; device < program.num_devices(); ++device) {
    const int num_instructions = static_cast<int>(program.devices[device].instructions.size());
    REQUIRE(num_instructions > 10);
    for (int index = 0; index < num_instructions; ++index) RunWithFaultAt(device, index, undisturbed);
  }
}

TEST_CASE("real layers: the watchdog names who waits for a device that does nothing") {
  // Device 1 receives nothing and sends nothing.
  JobPipeline pipeline(FaultJob(), [](Program& program) { program.devices[1].instructions.clear(); });
  pipeline.options().watchdog_timeout_ms = 300;
  REQUIRE(pipeline.Start() == absl::OkStatus());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = pipeline.executor().RunStep(nullptr);
    const std::string message(status.message());
    CAPTURE(message);
    CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
    CHECK(absl::StartsWith(message, "no instruction was done for 300 ms; device 0 is at instruction "));
    CHECK(absl::StrContains(message, "(Recv gradient chunk 0 micro-batch 0 from device 1)"));
    pipeline.executor().Reset();
    REQUIRE(pipeline.Initialize() == absl::OkStatus());
  }
}

TEST_CASE("real layers: devices of uneven speed train to the same bits") {
  const Parameters& undisturbed = AfterOneStep();
  for (const uint32_t seed : {1u, 2u, 3u}) {
    JobPipeline pipeline(FaultJob());
    std::vector<std::unique_ptr<UnevenModule>> modules;
    for (StageModule*& module : pipeline.options().modules) {
      modules.push_back(std::make_unique<UnevenModule>(module, seed * 10 + static_cast<uint32_t>(modules.size())));
      module = modules.back().get();
    }
    REQUIRE(pipeline.Start() == absl::OkStatus());
    REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
    CHECK(pipeline.Parameters() == undisturbed);
  }
}

}  // namespace
}  // namespace baton
