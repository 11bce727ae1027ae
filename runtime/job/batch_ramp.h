// The batch sizes of a job whose batch grows. Used by planning and training.
#ifndef BATON_RUNTIME_JOB_BATCH_RAMP_H_
#define BATON_RUNTIME_JOB_BATCH_RAMP_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// The most sizes of a batch.
inline constexpr int64_t kMaxBatchSizes = 64;

// The sizes in sequences, ascending; the last one is batch.sequences. One size without batch.ramp. `job` must be
// resolved.
std::vector<int64_t> BatchSizes(const proto::Job& job);

// Which of BatchSizes step `step`, from 0, has.
int BatchSizeOfStep(const proto::Job& job, int64_t step);

// How many sequences steps take, for those who ask often: no call allocates. Thread contract: immutable.
class BatchGrowth {
 public:
  // `job` must be resolved.
  explicit BatchGrowth(const proto::Job& job);
  // The sequences of all steps before `step`, from 0.
  int64_t SequencesBefore(int64_t step) const;

 private:
  std::vector<int64_t> sizes_;  // see BatchSizes
  int64_t steps_each_ = 0;      // of all sizes but the last
};

inline int64_t SequencesBefore(const proto::Job& job, int64_t step) { return BatchGrowth(job).SequencesBefore(step); }

// Takes batch.sequences from batch.ramp.to if it is missing. Call it before batch.sequences is checked.
void FillInSequences(proto::Batch& batch);

// `batch` must be resolved but for its ramp. Errors: InvalidArgument that names the field.
absl::Status ResolveRamp(const proto::Batch& batch, proto::Ramp& ramp);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_BATCH_RAMP_H_
