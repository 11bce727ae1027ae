// Tokens, their numbers, and merges, which both forms of a tokenizer's files have. Used by their readers.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_READ_VOCABULARY_H_
#define BATON_RUNTIME_DATA_TOKENIZER_READ_VOCABULARY_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {

// Errors of all: InvalidArgument that begins with `path`, or names the member.

absl::StatusOr<int32_t> ReadTokenId(const nlohmann::json& value, const std::string& path);

// Fills rules.vocabulary from an object of tokens and numbers. It must not be empty, nor have a number twice.
absl::Status ReadVocabulary(const nlohmann::json& vocabulary, const std::string& path, TokenizerRules& rules);

// Sets rules.unknown by the model's `unk_token`, if it has one; the vocabulary must have been read.
absl::Status ReadUnknown(const nlohmann::json& model, TokenizerRules& rules);

// Adds a merge; the vocabulary must have been read.
absl::Status AddMerge(const std::string& left, const std::string& right, const std::string& path,
                      TokenizerRules& rules);
// The same for two tokens with a space between them.
absl::Status AddMerge(const std::string& merge, const std::string& path, TokenizerRules& rules);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_READ_VOCABULARY_H_
