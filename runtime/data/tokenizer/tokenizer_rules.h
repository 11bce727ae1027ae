// The rules in the files of a tokenizer. Used by rule_tokenizer.cc, which acts by it, and by fuzzers.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_RULES_H_
#define BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// Token numbers are below it.
inline constexpr int64_t kMaxTokenIds = int64_t{1} << 24;

// A token that is found in the text before all other rules.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;
  bool normalized = false;  // looked for in the normalized text, behind those that are not
};

enum class Normalization { kNfc, kNfd, kNfkc, kNfkd };

// The normalization of BERT's tokenizers, before a text is cut.
struct BertNormalization {
  bool cleans = true;             // drops control characters; every white space becomes a blank
  bool separates_chinese = true;  // a blank before and behind each Chinese character
  bool strips_accents = true;
  bool lowers = true;
};

// A word's tokens are the longest that fit, one behind the other, instead of merged bytes.
struct WordPieceRule {
  std::string prefix = "##";      // of tokens inside a word
  int64_t most_characters = 100;  // a longer word is unknown
  bool cleans_up = true;          // in the text of tokens, no space before punctuation
};

// Cuts a text into pieces: the matches of a regular expression, and what lies between them.
struct SplitRule {
  std::string pattern;
  bool drops_matches = false;
  bool drops_rest = false;
};

// Puts a space before a piece that does not begin with one.
struct PrefixSpaceRule {};

struct WordRule {
  std::optional<SplitRule> split;  // otherwise PrefixSpaceRule
};

struct TokenizerRules {
  std::vector<AddedToken> added;
  std::vector<Normalization> normalizers;
  std::optional<BertNormalization> bert;  // instead of `normalizers`
  std::vector<WordRule> words;
  // Tokens in the alphabet of byte_alphabet.h, or as they are for word pieces; numbers are distinct.
  absl::flat_hash_map<std::string, int32_t> vocabulary;
  // In falling priority. Both tokens and their union are in the vocabulary.
  std::vector<std::pair<std::string, std::string>> merges;
  bool ignores_merges = false;               // a word that is a token is that token
  std::optional<WordPieceRule> word_pieces;  // not set: byte pairs
  // Instead of a byte without a token, which otherwise gives none; set with word_pieces.
  std::optional<int32_t> unknown;
  bool fuses_unknown = false;  // several in a row are one
};

// The regular expression by which GPT-2 cuts words.
extern const char kGpt2Words[];

// Errors of the functions below: InvalidArgument without the file's name.

// A tokenizer.json of a byte-level BPE, or of a WordPiece with BERT's rules for words. `truncation`, `padding` and
// `post_processor` are passed over: a text is never cut or filled up, and no special tokens are added around it.
absl::StatusOr<TokenizerRules> ReadTokenizerJson(const std::string& text);

// GPT-2's vocab.json and merges.txt. <|endoftext|> is a special token if the vocabulary has it.
absl::StatusOr<TokenizerRules> ReadVocabAndMerges(const std::string& vocab, const std::string& merges);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_RULES_H_
