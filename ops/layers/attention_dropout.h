// Dropout of attention's probabilities: which keys a query gives up. Counter-based like the other dropout, so that a
// probability's fate depends on the layer's name, the seed, the step, the sequence, the head, the query and the key
// alone, for sequences of one length. Used by the attention layers of the backends.
//
//     const AttentionDropout dropout(spec, context);
//     if (dropout.IsOn(buffers)) dropout.Factors(buffers, sequence, head, query, first_key, keys, factors);
#ifndef BATON_OPS_LAYERS_ATTENTION_DROPOUT_H_
#define BATON_OPS_LAYERS_ATTENTION_DROPOUT_H_

#include <algorithm>
#include <cstdint>

#include "base/host_device_function.h"
#include "ops/layers/dropout_mask.h"
#include "ops/layers/spec.h"

namespace baton {

// The number, in its sequence, of the draw that decides on a key of a query.
BATON_HOST_DEVICE inline int64_t AttentionDropoutBlock(int64_t context, int64_t head, int64_t query, int64_t key) {
  const int64_t blocks_of_row = (context + kDropoutBlock - 1) / kDropoutBlock;
  return (head * context + query) * blocks_of_row + key / kDropoutBlock;
}

class AttentionDropout {
 public:
  // `context`: the keys of a sequence.
  AttentionDropout(const AttentionSpec& spec, int64_t context)
      : name_hash_(DropoutNameHash(spec.name)),
        threshold_(DropoutThreshold(spec.dropout)),
        scale_(1 / (1 - spec.dropout)),
        first_head_(spec.first_head),
        context_(context) {}

  // False if probabilities stay: in evaluations, and without dropout.
  bool IsOn(const PassBuffers& buffers) const { return threshold_ > 0 && Drops(buffers); }

  // factors[k] ← 0 or 1 / (1 − probability) for key first + k, of `count` keys. `sequence`: of the micro-batch. T:
  // float or double.
  template <typename T>
  void Factors(const PassBuffers& buffers, int64_t sequence, int64_t head, int64_t query, int64_t first, int64_t count,
               T* factors) const {
    const int64_t row = AttentionDropoutBlock(context_, first_head_ + head, query, 0);
    for (int64_t key = first; key < first + count;) {
      const int64_t block = key / kDropoutBlock;
      const auto words = DropoutWords(name_hash_, *buffers.step, buffers.first_sequence + sequence, row + block);
      const int64_t end = std::min((block + 1) * kDropoutBlock, first + count);
      for (; key < end; ++key) {
        factors[key - first] = static_cast<T>(words[key % kDropoutBlock] < threshold_ ? 0 : scale_);
      }
    }
  }

 private:
  const uint64_t name_hash_;
  const uint64_t threshold_;
  const double scale_;
  const int64_t first_head_;
  const int64_t context_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_ATTENTION_DROPOUT_H_
