// The update of each step of a job. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_
#define BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_

#include <cstdint>

#include "ops/optimizer/optimizer.h"
#include "proto/job.pb.h"

namespace baton {

// The update of training step `step`, counted from 0, after `num_updates` updates, which are fewer if steps were
// skipped: the learning rate follows the steps, the correction of the moments' bias the updates. `job` must be
// resolved.
UpdateControl UpdateOfJob(const proto::Job& job, int64_t step, int64_t num_updates);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_UPDATE_OF_JOB_H_
