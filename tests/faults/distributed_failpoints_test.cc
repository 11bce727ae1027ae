// A process of a training run ends at every named place in turn: the run ends with one report that names it, and goes
// on in other numbers of processes with the bits of the undisturbed run.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "tests/faults/launched_training.h"

namespace baton {
namespace {

void CheckFailsAndResumes(const std::string& failure, int rank, int processes_after,
                          const std::vector<std::string>& train = {}) {
  CAPTURE(failure);
  TrainingToLaunch training;
  training.output = NewPath("failed");
  training.train = train;
  if (!train.empty()) training.processes = 4;
  training.environment = {absl::StrCat("BATON_FAIL=", failure), "BATON_TIMEOUT=20s"};
  const CommandResult failed = Run(training);
  INFO(failed.out << failed.err);
  // Other places are reached less often in some processes: the run then ends as if nothing was injected.
  if (failed.status == 0) {
    CheckSameAsUndisturbed(training.output, train);
    return;
  }
  CHECK(absl::StrContains(failed.err, absl::StrCat("rank ", rank)));
  CHECK(absl::StrContains(failed.err, "failed first"));
  training.environment.clear();
  training.processes = processes_after;
  training.train.push_back("--resume");
  const CommandResult resumed = Run(training);
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CheckSameAsUndisturbed(training.output, train);
  std::filesystem::remove_all(training.output);
}

TEST_CASE("a process that is killed at any named place ends the run, which goes on elsewhere") {
  const int rank = GENERATE(0, 1);
  int processes_after = 0;
  for (const absl::string_view name : FailpointNames()) {
    if (absl::StartsWith(name, "resume.") || name == "metrics.cut") continue;  // only with --resume
    // Where files are written and bytes travel, later calls are in another state of the run.
    const bool again =
        absl::StartsWith(name, "file.") || absl::StartsWith(name, "data.") || name == "control.collective";
    for (const int nth : again ? std::vector<int>{1, 7} : std::vector<int>{1}) {
      processes_after = processes_after % 3 + 1;
      CheckFailsAndResumes(absl::StrCat(rank, ":", name, ":", nth, ":kill"), rank, processes_after);
    }
  }
}

TEST_CASE("a connection that breaks, and a step that fails, name their process") {
  for (const char* const name : {"data.transfer:20:eio", "train.step:5:eio", "data.connect:1:eio"}) {
    for (const int rank : {0, 1}) CheckFailsAndResumes(absl::StrCat(rank, ":", name), rank, 2);
  }
}

TEST_CASE("members of a stage in several processes end when one of them is killed or fails, which is named") {
  // Transfers are those of sums over members, within passes, too.
  for (const char* const failure : {"1:data.transfer:3:kill", "3:data.transfer:150:kill", "0:data.transfer:151:kill",
                                    "2:train.step:5:kill", "1:train.step:7:eio", "3:data.transfer:90:eio"}) {
    for (const int processes_after : {4, 2}) {
      CheckFailsAndResumes(failure, failure[0] - '0', processes_after, kTwoMembers);
    }
  }
}

TEST_CASE("a save that one process cannot write ends as a line of rank 0; training goes on") {
  TrainingToLaunch training;
  training.output = NewPath("full");
  training.environment = {"BATON_FAIL=1:file.write:3:enospc"};
  const CommandResult result = Run(training);
  INFO(result.out << result.err);
  CHECK(absl::StrContains(result.out, "is not saved: rank 1 ("));
  CHECK(absl::StrContains(result.out, "injected at file.write"));
  CheckSameAsUndisturbed(training.output);
}

}  // namespace
}  // namespace baton
