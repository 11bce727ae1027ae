// Text to token numbers and back, by the rules of a file that Hugging Face's tokenizers library wrote. Used by text
// data sets and by `baton generate`.
//
//     BATON_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load("data.tokenizer", path));
//     BATON_ASSIGN_OR_RETURN(std::vector<int32_t> ids, tokenizer->Encode("To be, or not"));
//     std::string text = tokenizer->Decode(ids);
#ifndef BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_H_
#define BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace baton {

// Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019) or WordPiece (Wu et al. 2016): added tokens
// are cut out of the text, the rest is normalized and cut into words by regular expressions. Each word's bytes are then
// merged pair by pair, or each word is cut into the longest tokens. Special
// tokens are not added around a text. Thread contract: immutable; any thread.
class Tokenizer {
 public:
  // `path` is a tokenizer.json, or a folder that has one, or one with vocab.json and merges.txt as GPT-2's first files.
  // `field` names the job's field or the flag in messages. Errors: InvalidArgument that names field, file and what is
  // wrong or not supported; those of the system.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(absl::string_view field, const std::string& path);

  virtual ~Tokenizer() = default;

  // The token numbers of `text`. Errors: InvalidArgument if `text` is not UTF-8 or has 2^30 bytes or more;
  // ResourceExhausted if a regular expression of the file takes too long.
  virtual absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const = 0;

  // The text of token numbers; bytes that are no whole UTF-8 become U+FFFD, numbers without a token nothing.
  // `skip_special`: special tokens become nothing, too.
  virtual std::string Decode(absl::Span<const int32_t> ids, bool skip_special = false) const = 0;

  // The largest token number and one.
  virtual int64_t vocabulary() const = 0;

  // The number of a token as the file writes it, such as "<|endoftext|>".
  virtual std::optional<int32_t> IdOf(absl::string_view token) const = 0;

  // The hash of the files that it was read from.
  virtual const std::string& contents_hash() const = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_TOKENIZER_H_
