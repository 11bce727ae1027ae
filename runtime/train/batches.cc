// Sequences of a data set by micro-batch.
#include "runtime/train/batches.h"

namespace baton {

void Batches::SetTraining(int64_t step) {
  step_ = step;
  evaluating_ = false;
}

void Batches::SetHeldOut(int64_t first_sequence) {
  first_held_out_ = first_sequence;
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
    const int64_t sequence = (first_held_out_ + first + i) % dataset_->num_held_out();
    dataset_->FillHeldOut(sequence, 1, inputs == nullptr ? nullptr : inputs + i * dataset_->input_bytes(),
                          targets == nullptr ? nullptr : targets + i * dataset_->num_targets());
  }
}

}  // namespace baton
