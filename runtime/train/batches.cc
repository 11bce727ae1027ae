// Sequences of a data set by micro-batch.
#include "runtime/train/batches.h"

#include <algorithm>

#include "ops/layers/token_ids.h"

namespace baton {

void Batches::SetTraining(int64_t step) {
  step_ = step;
  evaluating_ = false;
}

void Batches::SetHeldOut(int64_t first_sequence, int64_t end_sequence) {
  first_held_out_ = first_sequence;
  end_held_out_ = end_sequence;
  evaluating_ = true;
}

Bytes Batches::BytesOf(DataKind kind) const {
  return sequences_per_micro_batch_ *
         (kind == DataKind::kInputs ? dataset_->input_bytes() : dataset_->num_targets() * Bytes{sizeof(int32_t)});
}

void Batches::Fill(DataKind kind, int micro_batch, std::byte* slot) const {
  const int64_t first = micro_batch * sequences_per_micro_batch_;
  std::byte* inputs = kind == DataKind::kInputs ? slot : nullptr;
  int32_t* targets = kind == DataKind::kTargets ? reinterpret_cast<int32_t*>(slot) : nullptr;
  if (!evaluating_) {
    dataset_->FillTraining(step_, first, sequences_per_micro_batch_, inputs, targets);
    return;
  }
  for (int64_t i = 0; i < sequences_per_micro_batch_; ++i) {
    const int64_t sequence = first_held_out_ + first + i;
    int32_t* own_targets = targets == nullptr ? nullptr : targets + i * dataset_->num_targets();
    dataset_->FillHeldOut(std::min(sequence, end_held_out_ - 1), 1,
                          inputs == nullptr ? nullptr : inputs + i * dataset_->input_bytes(), own_targets);
    if (own_targets == nullptr || sequence < end_held_out_) continue;
    std::fill_n(own_targets, dataset_->num_targets(), kIgnoredTarget);
  }
}

}  // namespace baton
