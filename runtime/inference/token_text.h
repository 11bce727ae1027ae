// Text to the tokens of a model, and tokens to text as they are generated. Used by `baton generate`.
#ifndef BATON_RUNTIME_INFERENCE_TOKEN_TEXT_H_
#define BATON_RUNTIME_INFERENCE_TOKEN_TEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/inference/utf8_stream.h"

namespace baton {

// Thread contract: one thread at a time.
class TokenText {
 public:
  // `tokenizer`: as data.tokenizer of a job. Errors: those of Tokenizer::Load, which begin with `field`.
  static absl::StatusOr<std::unique_ptr<TokenText>> Create(absl::string_view field, const std::string& tokenizer);

  absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const;
  // Returns the characters that are whole with the next token: valid UTF-8.
  std::string Add(int32_t token);
  // Returns what is held back: the beginning of a character, as U+FFFD.
  std::string Finish();

 private:
  TokenText() = default;

  std::unique_ptr<Tokenizer> tokenizer_;  // null: a token is a byte
  Utf8Stream bytes_;
  std::vector<int32_t> held_;  // tokens that end within a character
};

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_TOKEN_TEXT_H_
