// The rules of a tokenizer.json that BERT has: its normalizer, WordPiece, and what stands around it. Used by
// read_tokenizer_json.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_READ_WORD_PIECES_H_
#define BATON_RUNTIME_DATA_TOKENIZER_READ_WORD_PIECES_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {

// Errors of all: InvalidArgument that names the member.

// BertNormalizer. Accents are stripped where the file does not say it, if letters become lower case.
absl::Status ReadBertNormalizer(const nlohmann::json& value, const std::string& path, TokenizerRules& rules);

// The member `model` with the type WordPiece.
absl::Status ReadWordPieceModel(const nlohmann::json& model, TokenizerRules& rules);

// WordPiece stands with BertPreTokenizer before it, and its own decoder.
absl::Status ReadAroundWordPieces(const nlohmann::json& file, TokenizerRules& rules);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_READ_WORD_PIECES_H_
