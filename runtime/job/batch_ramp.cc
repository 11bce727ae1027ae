// Sizes from the ramp's fields, and their limits.
#include "runtime/job/batch_ramp.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"

namespace baton {

std::vector<int64_t> BatchSizes(const proto::Job& job) {
  const proto::Ramp& ramp = job.batch().ramp();
  std::vector<int64_t> sizes;
  if (job.batch().has_ramp()) {
    for (int64_t size = ramp.from(); size < job.batch().sequences(); size += ramp.by()) sizes.push_back(size);
  }
  sizes.push_back(job.batch().sequences());
  return sizes;
}

int BatchSizeOfStep(const proto::Job& job, int64_t step) {
  if (!job.batch().has_ramp()) return 0;
  const int64_t last = static_cast<int64_t>(BatchSizes(job).size()) - 1;
  return static_cast<int>(std::min(last, step / job.batch().ramp().every_steps()));
}

BatchGrowth::BatchGrowth(const proto::Job& job)
    : sizes_(BatchSizes(job)), steps_each_(job.batch().ramp().every_steps()) {}

int64_t BatchGrowth::SequencesBefore(int64_t step) const {
  int64_t sum = 0;
  for (size_t size = 0; size + 1 < sizes_.size(); ++size) {
    const int64_t steps = std::min(step, steps_each_);
    sum += steps * sizes_[size];
    step -= steps;
  }
  return sum + step * sizes_.back();
}

void FillInSequences(proto::Batch& batch) {
  if (!batch.has_sequences() && batch.ramp().has_to()) batch.set_sequences(batch.ramp().to());
}

absl::Status ResolveRamp(const proto::Batch& batch, proto::Ramp& ramp) {
  if (!ramp.has_from()) return Missing("batch.ramp.from", "the sequences of the first steps");
  if (!ramp.has_by()) return Missing("batch.ramp.by", "the sequences by which the batch grows");
  if (!ramp.has_every_steps()) return Missing("batch.ramp.every_steps", "the steps between two growths");
  if (!ramp.has_to()) ramp.set_to(batch.sequences());
  if (ramp.to() != batch.sequences()) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch.ramp.to: ", ramp.to(), " must be batch.sequences: ", batch.sequences()));
  }
  BATON_RETURN_IF_ERROR(CheckRange("batch.ramp.from", ramp.from(), 1, batch.sequences() - 1));
  BATON_RETURN_IF_ERROR(CheckRange("batch.ramp.by", ramp.by(), 1, batch.sequences()));
  BATON_RETURN_IF_ERROR(CheckRange("batch.ramp.every_steps", ramp.every_steps(), 1, 1'000'000'000));
  const int64_t micro_batch = batch.sequences() / batch.micro_batches();
  for (const auto& [field, value] : {std::make_pair("from", ramp.from()), std::make_pair("by", ramp.by())}) {
    if (value % micro_batch == 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("batch.ramp.", field, ": ", value,
                                                   " must be a multiple of a micro-batch's sequences: ", micro_batch));
  }
  const int64_t growths = (batch.sequences() - ramp.from() + ramp.by() - 1) / ramp.by();
  if (growths < kMaxBatchSizes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("batch.ramp: ", growths + 1, " sizes must be at most ", kMaxBatchSizes,
                                                 "; a larger batch.ramp.by makes fewer"));
}

}  // namespace baton
