// The merges of byte-pair encoding (Sennrich et al. 2016): from a word's bytes, always joins the pair of neighbours
// with the highest priority, the first one of equals, until none is left. Used by rule_tokenizer.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_BYTE_PAIRS_H_
#define BATON_RUNTIME_DATA_TOKENIZER_BYTE_PAIRS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {

// Thread contract: immutable.
class BytePairs {
 public:
  explicit BytePairs(const TokenizerRules& rules);

  // Appends the tokens of `word`, raw bytes. Takes n log n steps for n bytes.
  void Encode(absl::string_view word, std::vector<int32_t>& ids) const;

 private:
  struct Merge {
    int32_t rank;
    int32_t id;
  };

  // The token of each byte, or of what stands for it.
  std::vector<int32_t> ByteTokens(absl::string_view word) const;
  const Merge* Find(int32_t left, int32_t right) const;

  std::array<int32_t, 256> byte_tokens_;             // -1: none
  absl::flat_hash_map<uint64_t, Merge> merges_;      // by left << 32 | right
  absl::flat_hash_map<std::string, int32_t> words_;  // whole tokens, if merges are ignored for them
  std::optional<int32_t> unknown_;
  bool fuses_unknown_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_BYTE_PAIRS_H_
