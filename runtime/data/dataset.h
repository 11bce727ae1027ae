// A data set gives batches by step and position, so that neither the cut into micro-batches nor the device that asks
// changes a batch. Implemented by text.h and clusters.h; used by runtime/train.
#ifndef BATON_RUNTIME_DATA_DATASET_H_
#define BATON_RUNTIME_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/units.h"

namespace baton {

// Thread contract: immutable after construction; any thread. No call allocates.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // The bytes of the inputs, and the number of targets, of one sequence or example.
  virtual Bytes input_bytes() const = 0;
  virtual int64_t num_targets() const = 0;
  // The number of different sequences that training draws from, and of those held out from training (0 or more).
  virtual int64_t num_training() const = 0;
  virtual int64_t num_held_out() const = 0;

  // The hash of what training draws from, where files determine it; empty where the job does.
  virtual std::string ContentsHash() const { return ""; }

  // Writes sequences [first_sequence, first_sequence + count) of training step `step`, one after the other.
  // inputs: count · input_bytes() bytes; targets: [count, num_targets()] i32; either may be null. `step` and
  // `first_sequence` are at least 0.
  virtual void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                            int32_t* targets) const = 0;
  // The same for held-out sequences; first_sequence + count <= num_held_out().
  virtual void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_DATASET_H_
