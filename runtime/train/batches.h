// The batch that runs, cut into micro-batches. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_BATCHES_H_
#define BATON_RUNTIME_TRAIN_BATCHES_H_

#include <cstddef>
#include <cstdint>

#include "runtime/data/dataset.h"
#include "runtime/train/batch_source.h"

namespace baton {

// Thread contract: SetTraining and SetHeldOut on the launching thread while no worker calls Fill; Fill from any thread.
// Borrows the data set.
class Batches final : public BatchSource {
 public:
  Batches(const Dataset* dataset, int64_t sequences_per_micro_batch)
      : dataset_(dataset), sequences_per_micro_batch_(sequences_per_micro_batch) {}

  // From now on Fill gives the batch of training step `step`, from 0.
  void SetTraining(int64_t step);
  // From now on Fill gives held-out sequences from `first_sequence` on. Behind the sequence end_sequence − 1 it repeats
  // that one's inputs with targets that are ignored. first_sequence < end_sequence <= Dataset::num_held_out().
  void SetHeldOut(int64_t first_sequence, int64_t end_sequence);

  Bytes BytesOf(DataKind kind) const override;
  void Fill(DataKind kind, int micro_batch, std::byte* slot) const override;

 private:
  const Dataset* dataset_;
  const int64_t sequences_per_micro_batch_;
  int64_t step_ = 0;
  int64_t first_held_out_ = 0;
  int64_t end_held_out_ = 0;
  bool evaluating_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_BATCHES_H_
