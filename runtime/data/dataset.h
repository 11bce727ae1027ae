// What training asks of its data: batches by step and position, so that a batch is the same however it is cut into
// micro-batches and whichever device asks for its part. Implemented by text.h and clusters.h, used by runtime/train.
#ifndef BATON_RUNTIME_DATA_DATASET_H_
#define BATON_RUNTIME_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace baton {

// Thread contract: immutable once made; all calls from any thread. Nothing is allocated in a call.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // Of one sequence or example.
  virtual Bytes input_bytes() const = 0;
  virtual int64_t num_targets() const = 0;
  // Different sequences that training draws from, and those kept from it. num_held_out() is 0 where nothing is.
  virtual int64_t num_training() const = 0;
  virtual int64_t num_held_out() const = 0;

  // Writes sequences [first_sequence, first_sequence + count) of optimizer step `step`, one after the other.
  // inputs: count · input_bytes() bytes; targets: [count, num_targets()] i32; null where not wanted. `step` and
  // `first_sequence` are at least 0.
  virtual void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                            int32_t* targets) const = 0;
  // The same of the held-out sequences; first_sequence + count <= num_held_out().
  virtual void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_DATASET_H_
