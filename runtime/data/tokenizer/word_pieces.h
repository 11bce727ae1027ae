// The tokens of a word by WordPiece (Wu et al. 2016, as BERT has it): the longest token that the rest of the word
// begins with, again and again. Used by rule_tokenizer.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_WORD_PIECES_H_
#define BATON_RUNTIME_DATA_TOKENIZER_WORD_PIECES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {

// Thread contract: immutable.
class WordPieces {
 public:
  // `rules`: with word_pieces and unknown; borrowed.
  explicit WordPieces(const TokenizerRules& rules);

  // Appends the tokens of `word`: all but the first have the prefix in the vocabulary. A word that is too long, or that
  // no tokens cover, is the unknown token.
  void Encode(absl::string_view word, std::vector<int32_t>& ids) const;

  // The text of tokens: a space before each but the first, or nothing in place of the prefix. With the rule's clean_up
  // no space before punctuation and the like.
  std::string Decode(const std::vector<absl::string_view>& tokens) const;

 private:
  const TokenizerRules& rules_;
  size_t longest_ = 0;  // bytes of a token
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_WORD_PIECES_H_
