// Steps with real layers create nothing on CUDA devices.
#include <catch2/catch.hpp>

#include "tests/cuda_stand_in/stand_in.h"
#include "tests/faults/fault_job.h"
#include "tests/faults/job_pipeline.h"

namespace baton {
namespace {

int64_t CountResources() { return stand_in::NumAllocations() + stand_in::NumStreams() + stand_in::NumEvents(); }

TEST_CASE("real layers: steps after the first create no memory, streams or events on the devices") {
  JobPipeline pipeline(FaultJob());
  REQUIRE(pipeline.Start() == absl::OkStatus());
  const int64_t at_start = CountResources();
  REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
  const int64_t after_one = CountResources();
  CHECK(after_one > at_start);  // events are created when first recorded
  for (int step = 0; step < 3; ++step) REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
  CHECK(CountResources() == after_one);
}

}  // namespace
}  // namespace baton
