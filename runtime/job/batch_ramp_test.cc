// Sizes by step, and wrong ramps.
#include "runtime/job/batch_ramp.h"

#include <catch2/catch.hpp>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("a batch grows by steps to its full size") {
  const auto job = ResolveJob(Make(kMlp, "batch={ micro_batches: 6 ramp { from: 8 to: 24 by: 12 every_steps: 10 } }"));
  INFO(job.status());
  REQUIRE(job.ok());
  CHECK(job->batch().sequences() == 24);
  CHECK(BatchSizes(*job) == std::vector<int64_t>{8, 20, 24});
  CHECK(BatchSizeOfStep(*job, 0) == 0);
  CHECK(BatchSizeOfStep(*job, 9) == 0);
  CHECK(BatchSizeOfStep(*job, 10) == 1);
  CHECK(BatchSizeOfStep(*job, 20) == 2);
  CHECK(BatchSizeOfStep(*job, 1'000'000) == 2);
  CHECK(SequencesBefore(*job, 0) == 0);
  CHECK(SequencesBefore(*job, 3) == 24);
  CHECK(SequencesBefore(*job, 11) == 80 + 20);
  CHECK(SequencesBefore(*job, 25) == 80 + 200 + 5 * 24);
}

TEST_CASE("without a ramp there is one size") {
  const auto job = ResolveJob(Make(kMlp, ""));
  REQUIRE(job.ok());
  CHECK(BatchSizes(*job) == std::vector<int64_t>{job->batch().sequences()});
  CHECK(BatchSizeOfStep(*job, 1000) == 0);
}

TEST_CASE("wrong ramps") {
  const std::string batch = "batch={ sequences: 64 micro_batches: 16 ramp { ";
  CheckWrong(GENERATE_COPY(
      Wrong{kMlp, batch + "by: 8 every_steps: 1 } }", "batch.ramp.from is missing: the sequences of the first steps"},
      Wrong{kMlp, batch + "from: 8 every_steps: 1 } }",
            "batch.ramp.by is missing: the sequences by which the batch grows"},
      Wrong{kMlp, batch + "from: 8 by: 8 } }", "batch.ramp.every_steps is missing: the steps between two growths"},
      Wrong{kMlp, batch + "from: 8 by: 8 every_steps: 1 to: 32 } }", "batch.ramp.to: 32 must be batch.sequences: 64"},
      Wrong{kMlp, batch + "from: 64 by: 8 every_steps: 1 } }", "batch.ramp.from: 64 must be at most 63"},
      Wrong{kMlp, batch + "from: 0 by: 8 every_steps: 1 } }", "batch.ramp.from: 0 must be at least 1"},
      Wrong{kMlp, batch + "from: 8 by: 0 every_steps: 1 } }", "batch.ramp.by: 0 must be at least 1"},
      Wrong{kMlp, batch + "from: 8 by: 8 every_steps: 0 } }", "batch.ramp.every_steps: 0 must be at least 1"},
      Wrong{kMlp, batch + "from: 6 by: 8 every_steps: 1 } }",
            "batch.ramp.from: 6 must be a multiple of a micro-batch's sequences: 4"},
      Wrong{kMlp, batch + "from: 8 by: 6 every_steps: 1 } }",
            "batch.ramp.by: 6 must be a multiple of a micro-batch's sequences: 4"},
      Wrong{kMlp, "batch={ sequences: 66 micro_batches: 66 ramp { from: 1 by: 1 every_steps: 1 } }",
            "batch.ramp: 66 sizes must be at most 64; a larger batch.ramp.by makes fewer"}));
}

}  // namespace
}  // namespace baton
