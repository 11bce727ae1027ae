// Bit identity on host devices of several threads each: the same bits for every number of stages and schedule.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ops/host/host_backend.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("two threads a device train to the same bits, whatever the schedule and the number of stages") {
  // Large enough for both threads to take part in most loops.
  const std::string model =
      GENERATE("model.gpt2={layers: 8 width: 16 heads: 2 context: 12 vocabulary: 256}",
               "model.gpt2={layers: 4 width: 96 heads: 3 context: 72 vocabulary: 600};devices.precision=FLOAT32",
               "model.gpt2={layers: 4 width: 96 heads: 3 context: 72 vocabulary: 600};devices.precision=BF16");
  CAPTURE(model);
  std::vector<std::string> settings = absl::StrSplit(model, ';');
  settings.push_back("devices.threads_each=2");
  const auto run = [&settings](std::vector<std::string> more) {
    more.insert(more.end(), settings.begin(), settings.end());
    return RunToTheEnd(MakeJob(kSmallGpt, more));
  };
  const Outcome unsplit = run({"pipeline.stages=1", "pipeline.schedule=naive"});
  REQUIRE(unsplit.losses.front() > unsplit.losses.back());
  for (const char* schedule : {"1f1b", "zb-h1"}) {
    for (int stages : {2, 4}) {
      CAPTURE(schedule, stages);
      CHECK(run({absl::StrCat("pipeline.schedule=", schedule), absl::StrCat("pipeline.stages=", stages)}) == unsplit);
    }
  }
}

TEST_CASE("BF16 rounds products on processors that multiply bf16, and trains to nearly the same losses") {
  const Outcome exact = RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2"}));
  const Outcome rounded = RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=2", "devices.precision=BF16"}));
  CHECK((rounded.losses == exact.losses) != HostHasBFloat16());
  REQUIRE(rounded.losses.size() == exact.losses.size());
  for (size_t i = 0; i < exact.losses.size(); ++i) CHECK(rounded.losses[i] == Approx(exact.losses[i]).epsilon(0.01));
}

}  // namespace
}  // namespace baton
