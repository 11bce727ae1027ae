// The learning rates of a job as a table. Used by `baton train --print-schedule`.
#ifndef BATON_RUNTIME_TRAIN_SCHEDULE_TABLE_H_
#define BATON_RUNTIME_TRAIN_SCHEDULE_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace baton {

// The steps, from 1, at which the course of the learning rate begins, turns and ends, those at which the batch grows,
// and about 20 between them, evenly spaced. Ascending. `job` must be resolved.
std::vector<int64_t> ScheduleSteps(const proto::Job& job);

// A table of ScheduleSteps with a line for each, and with the sequences of a batch if it grows. `job` must be resolved.
std::string DescribeSchedule(const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_SCHEDULE_TABLE_H_
