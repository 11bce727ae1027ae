// Picks steps and prints their rates.
#include "runtime/train/schedule_table.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/text_table.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/train/update_of_job.h"

namespace baton {

std::vector<int64_t> ScheduleSteps(const proto::Job& job) {
  constexpr int64_t kBetween = 20;
  const int64_t steps = job.run().steps();
  const int64_t warmup = job.optimizer().warmup_steps();
  std::set<int64_t> shown = {1, steps};
  for (const int64_t corner : {warmup, warmup + 1}) {
    if (corner >= 1 && corner <= steps) shown.insert(corner);
  }
  for (size_t size = 1; size < BatchSizes(job).size(); ++size) {
    const int64_t first = 1 + static_cast<int64_t>(size) * job.batch().ramp().every_steps();
    if (first <= steps) shown.insert(first);
  }
  for (int64_t i = 1; i <= kBetween; ++i) shown.insert(1 + (steps - 1) * i / kBetween);
  return {shown.begin(), shown.end()};
}

std::string DescribeSchedule(const proto::Job& job) {
  const bool grows = job.batch().has_ramp();
  TextTable table(grows ? std::vector<std::string>{"step", "learning rate", "sequences"}
                        : std::vector<std::string>{"step", "learning rate"},
                  std::vector<bool>(grows ? 3 : 2, true));
  for (const int64_t step : ScheduleSteps(job)) {
    const double rate = UpdateOfJob(job, step - 1, step - 1).learning_rate;
    const int64_t sequences = BatchSizes(job)[BatchSizeOfStep(job, step - 1)];
    table.AddRow({absl::StrCat(step), absl::StrFormat("%.6g", rate), absl::StrCat(sequences)});
  }
  return table.ToString();
}

}  // namespace baton
