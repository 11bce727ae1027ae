// Which steps are shown, and with which rates.
#include "runtime/train/schedule_table.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

proto::Job JobOf(int steps, int warmup_steps) {
  proto::Job job;
  job.mutable_run()->set_steps(steps);
  job.mutable_optimizer()->mutable_adamw()->set_learning_rate(0.5);
  job.mutable_optimizer()->set_warmup_steps(warmup_steps);
  job.mutable_optimizer()->set_decay(proto::Optimizer::LINEAR);
  job.mutable_optimizer()->set_min_ratio(0.1);
  return job;
}

TEST_CASE("the table shows each step of a short run") {
  CHECK(DescribeSchedule(JobOf(5, 2)) ==
        "step  learning rate\n"
        "----  -------------\n"
        "   1           0.25\n"
        "   2            0.5\n"
        "   3            0.5\n"
        "   4          0.275\n"
        "   5           0.05\n");
  proto::Job grows = JobOf(3, 0);
  grows.mutable_batch()->set_sequences(16);
  grows.mutable_batch()->mutable_ramp()->set_from(4);
  grows.mutable_batch()->mutable_ramp()->set_by(8);
  grows.mutable_batch()->mutable_ramp()->set_every_steps(1);
  CHECK(DescribeSchedule(grows) ==
        "step  learning rate  sequences\n"
        "----  -------------  ---------\n"
        "   1            0.5          4\n"
        "   2          0.275         12\n"
        "   3           0.05         16\n");
  CHECK(ScheduleSteps(JobOf(1, 0)) == std::vector<int64_t>{1});
  CHECK(ScheduleSteps(JobOf(2, 7)) == std::vector<int64_t>{1, 2});
}

TEST_CASE("of a long run it shows both ends, both sides of the turn, and some steps between") {
  const std::vector<int64_t> steps = ScheduleSteps(JobOf(1'000'000'000, 12345));
  CHECK(steps.front() == 1);
  CHECK(steps[1] == 12345);
  CHECK(steps[2] == 12346);
  CHECK(steps.back() == 1'000'000'000);
  CHECK(steps.size() == 23);
}

}  // namespace
}  // namespace baton
