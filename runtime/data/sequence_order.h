// The order in which training takes the sequences of a data set: as they stand, or shuffled, pass after pass. Used by
// the data sets that read files.
//
//     position 0 1 2 3 4 5 6 7 8 …          5 sequences, 2 a step
//     step     0 0 1 1 2 2 3 3 4
//     pass     0 0 0 0 0 1 1 1 1
#ifndef BATON_RUNTIME_DATA_SEQUENCE_ORDER_H_
#define BATON_RUNTIME_DATA_SEQUENCE_ORDER_H_

#include <cstdint>

#include "runtime/job/batch_ramp.h"

namespace baton {

// Where element `index` of [0, count) goes in the shuffle of pass `pass`: a permutation of [0, count) that needs no
// table, so that every device, and a run that resumes, finds its place at once. index < count, count in [1, 2^62].
// A Feistel network of 6 rounds (Luby and Rackoff 1988) whose rounds are Philox, on the smallest square power of two
// that holds `count`; a result beyond `count` goes through it again (cycle walking: Black and Rogaway 2002).
int64_t ShuffledIndex(int64_t index, int64_t count, uint64_t seed, uint64_t pass);

// Thread contract: immutable.
struct SequenceOrder {
  bool shuffled = true;  // data.order
  uint64_t seed = 0;     // run.seed
  BatchGrowth batches;   // how many sequences each step takes

  // The sequence, of `count`, that training takes as number `sequence` of step `step`.
  int64_t At(int64_t step, int64_t sequence, int64_t count) const;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_SEQUENCE_ORDER_H_
