// Executors that follow another one: they run its steps and its programs, and an error of one ends the step of all.
#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "runtime/execute/testing/faults.h"
#include "runtime/execute/testing/pipeline_harness.h"

namespace baton {
namespace {

PipelineSpec TwoDevices() {
  PipelineSpec spec;
  spec.num_devices = 2;
  spec.num_micro_batches = 3;
  return spec;
}

// A leader and two followers; an error of one cancels all.
struct Team {
  PipelineHarness followers[2] = {PipelineHarness(TwoDevices()), PipelineHarness(TwoDevices())};
  PipelineHarness leader{TwoDevices()};

  void Start() {
    const auto tell = [this](const absl::Status& status) {
      for (PipelineHarness& follower : followers) follower.executor().Cancel(status);
      leader.executor().Cancel(status);
    };
    for (PipelineHarness& follower : followers) {
      follower.options().on_error = tell;
      REQUIRE(follower.Start() == absl::OkStatus());
      leader.options().followers.push_back(&follower.executor());
    }
    leader.options().on_error = tell;
    REQUIRE(leader.Start() == absl::OkStatus());
  }
};

}  // namespace

TEST_CASE("followers run each step of their leader, and the leader's trace is its own") {
  Team team;
  team.Start();
  Trace trace;
  for (int step = 1; step <= 3; ++step) {
    bool ran_meanwhile = false;
    REQUIRE(team.leader.executor().RunStep(&trace, [&] { ran_meanwhile = true; }) == absl::OkStatus());
    CHECK(ran_meanwhile);
    for (PipelineHarness* each : {&team.leader, &team.followers[0], &team.followers[1]}) {
      CHECK(each->executor().Progress().num_steps == step);
      for (int chunk = 0; chunk < 2; ++chunk) {
        CHECK(each->module(chunk).Parameter(0) == each->module(chunk).ExpectedParameter(step));
      }
    }
  }
  CHECK(trace.devices.size() == 2);
}

TEST_CASE("followers get the leader's programs") {
  Team team;
  team.Start();
  Program more = team.leader.program();
  for (DeviceProgram& device : more.devices) {
    for (ChunkMemory& memory : device.chunks) memory.parameter_bytes = memory.optimizer_bytes = 0;
  }
  const auto handle = team.leader.executor().AddProgram(std::make_shared<const Program>(std::move(more)));
  REQUIRE(handle.ok());
  CHECK(team.leader.executor().RunStep(*handle, nullptr) == absl::OkStatus());
  for (PipelineHarness& follower : team.followers) {
    CHECK(follower.executor().Progress().num_steps == 1);
    CHECK(follower.executor().PeakArenaBytes(0, *handle) > 0);
  }
}

TEST_CASE("an error of the leader or of a follower ends the step of all, and is what the leader returns") {
  const int failing = GENERATE(0, 1, 2);  // 0: the leader
  const int call = GENERATE(0, 3, 7);
  CAPTURE(failing, call);
  Team team;
  PipelineHarness& harness = failing == 0 ? team.leader : team.followers[failing - 1];
  FaultyModule faulty(harness.options().modules[1], call);
  harness.options().modules[1] = &faulty;
  team.Start();
  const absl::Status status = team.leader.executor().RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(team.leader.executor().RunStep(nullptr) == status);
}

TEST_CASE("a step of an executor with followers cannot be recorded without turns") {
  Team team;
  team.Start();
  Trace trace;
  REQUIRE(team.leader.executor().RunStep(&trace) == absl::OkStatus());
  CHECK(absl::IsUnimplemented(team.leader.executor().RecordStep({}, trace, false).status()));
}

}  // namespace baton
