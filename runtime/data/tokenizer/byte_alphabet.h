// The characters by which byte-level tokenizers write bytes: those that print stand for themselves, the others for
// characters from U+0100 on (GPT-2's bytes_to_unicode). Used by rule_tokenizer.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_BYTE_ALPHABET_H_
#define BATON_RUNTIME_DATA_TOKENIZER_BYTE_ALPHABET_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// The character, in UTF-8, of a byte: "Ġ" of a space.
std::string CharacterOfByte(unsigned char byte);

// The bytes that `token`, in UTF-8, writes; nullopt if a character of it stands for no byte.
std::optional<std::string> BytesOfToken(absl::string_view token);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_BYTE_ALPHABET_H_
