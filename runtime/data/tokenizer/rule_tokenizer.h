// The tokenizer of TokenizerRules: byte-level BPE or WordPiece. Used by load_tokenizer.cc and by fuzzers; others use
// tokenizer.h.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_RULE_TOKENIZER_H_
#define BATON_RUNTIME_DATA_TOKENIZER_RULE_TOKENIZER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "runtime/data/tokenizer/byte_pairs.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"
#include "runtime/data/tokenizer/unicode.h"
#include "runtime/data/tokenizer/word_pieces.h"

namespace baton {

// The added tokens of a text are found first, those that are not normalized before those that are; the first match
// wins, of matches at one place the longest.
class RuleTokenizer : public Tokenizer {
 public:
  // Errors: InvalidArgument that names a regular expression that does not compile.
  static absl::StatusOr<std::unique_ptr<RuleTokenizer>> Create(TokenizerRules rules, std::string contents_hash);

  absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const override;
  std::string Decode(absl::Span<const int32_t> ids, bool skip_special = false) const override;
  int64_t vocabulary() const override { return vocabulary_; }
  std::optional<int32_t> IdOf(absl::string_view token) const override;
  const std::string& contents_hash() const override { return contents_hash_; }

 private:
  // The state of one call of Encode.
  struct Words {
    std::vector<int32_t> ids;
    absl::flat_hash_map<std::string, std::vector<int32_t>> known;
  };

  RuleTokenizer(TokenizerRules rules, std::string contents_hash);
  std::string BytesOf(const std::string& token) const;
  void EncodeWord(absl::string_view word, std::vector<int32_t>& ids) const;
  absl::StatusOr<std::string> NormalForm(absl::string_view text) const;
  // Cuts `text` by the rules from `rule` on, and appends the tokens of each word.
  absl::Status EncodeWords(absl::string_view text, size_t rule, Words& words) const;

  TokenizerRules rules_;
  const BytePairs pairs_;
  const std::optional<WordPieces> pieces_;  // set: instead of pairs_
  const std::string contents_hash_;
  std::vector<std::optional<WordPattern>> patterns_;                 // of rules_.words
  std::map<char, std::vector<const AddedToken*>> raw_, normalized_;  // added tokens by their first byte
  absl::flat_hash_map<int32_t, std::string> bytes_;                  // of each token
  absl::flat_hash_set<int32_t> special_;
  int64_t vocabulary_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_RULE_TOKENIZER_H_
