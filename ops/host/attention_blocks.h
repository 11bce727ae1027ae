// Blocks of queries and the keys that they see. Used only by attention.cc and attention_softmax.
#ifndef BATON_OPS_HOST_ATTENTION_BLOCKS_H_
#define BATON_OPS_HOST_ATTENTION_BLOCKS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ops/layers/spec.h"

namespace baton {

// The queries of a block. A block multiplies no key that none of its queries sees, nor, in products of some rows, keys
// that none of these rows sees:
//
//            keys ─▶
//   queries  ▓░░            ▓ computed; the softmax masks what a query does not see
//      │     ▓▓▓░           ░ not computed
//      ▼     ▓▓▓▓░          With a window, panels of keys on the left are not computed either.
//
// A multiple of the rows of SmallProduct's tiles; the scores of a block fit into the second cache.
constexpr int64_t kQueriesPerBlock = 48;

// Keys are packed in panels of this many.
constexpr int64_t kKeysPerPanel = 64;

constexpr int64_t RoundUp(int64_t count, int64_t step) { return (count + step - 1) / step * step; }

constexpr int64_t RoundUpToVector(int64_t count) { return RoundUp(count, 16); }

// The keys of one block that its queries see: query q sees [max(0, first + q), min(keys, end + q)).
struct KeyMask {
  int64_t first;
  int64_t end;
};

// Queries [begin, begin + queries) and the keys [first_key, first_key + keys), at least those that any of them sees.
// first_key begins a panel.
struct QueryBlock {
  int64_t begin;
  int64_t queries;
  int64_t first_key;
  int64_t keys;
  KeyMask mask;

  // Scores of a block are [queries, Stride()]. Rows are a vector apart, since at a power of two they would displace one
  // another from the cache.
  int64_t Stride() const { return RoundUpToVector(keys) + 16; }
  int64_t NumScores() const { return queries * Stride(); }

  // The keys [0, KeysSeen(q)) of the block, at least one, include all that the queries up to q see.
  int64_t KeysSeen(int64_t q) const { return std::min(keys, mask.end + q); }
  // The first query that sees a key up to `key`.
  int64_t FirstQuery(int64_t key) const { return std::max<int64_t>(0, key + 1 - mask.end); }
};

inline std::vector<QueryBlock> MakeQueryBlocks(const AttentionSpec& spec, int64_t context) {
  std::vector<QueryBlock> blocks;
  for (int64_t begin = 0; begin < context; begin += kQueriesPerBlock) {
    const int64_t end = std::min(begin + kQueriesPerBlock, context);
    const int64_t first =
        spec.window == 0 ? 0 : std::max<int64_t>(0, begin - spec.window + 1) / kKeysPerPanel * kKeysPerPanel;
    QueryBlock block{begin, end - begin, first, (spec.causal ? end : context) - first, {0, context}};
    // Without a window, query q must not begin later than key 0.
    block.mask.first = spec.window == 0 ? -context : begin - spec.window + 1 - first;
    if (spec.causal) block.mask.end = begin + 1 - first;
    blocks.push_back(block);
  }
  return blocks;
}

inline int64_t LargestBlock(const std::vector<QueryBlock>& blocks) {
  int64_t largest = 0;
  for (const QueryBlock& block : blocks) largest = std::max(largest, block.NumScores());
  return largest;
}

}  // namespace baton

#endif  // BATON_OPS_HOST_ATTENTION_BLOCKS_H_
