// Bit identity on host devices of several threads each: the same bits for every number of stages and schedule.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("two threads a device train to the same bits, whatever the schedule and the number of stages") {
  const std::string threads = "devices.threads_each=2";
  const Outcome unsplit = RunToTheEnd(MakeJob(kSmallGpt, {threads, "pipeline.stages=1", "pipeline.schedule=naive"}));
  REQUIRE(unsplit.losses.front() > unsplit.losses.back());
  for (const char* schedule : {"1f1b", "zb-h1"}) {
    for (int stages : {2, 4}) {
      CAPTURE(schedule, stages);
      CHECK(RunToTheEnd(MakeJob(kSmallGpt, {threads, absl::StrCat("pipeline.schedule=", schedule),
                                            absl::StrCat("pipeline.stages=", stages)})) == unsplit);
    }
  }
}

}  // namespace
}  // namespace baton
