// The update of each step of a job. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_
#define BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_

#include <cstdint>

#include "ops/optimizer/optimizer.h"
#include "proto/job.pb.h"

namespace baton {

// The update of training step `step`, counted from 0; UpdateControl::step counts from 1. `job` must be resolved.
UpdateControl UpdateOfJob(const proto::Job& job, int64_t step);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_
