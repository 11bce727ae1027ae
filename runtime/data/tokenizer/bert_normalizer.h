// The normal form of text that BERT's tokenizers begin with. Used by rule_tokenizer.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_BERT_NORMALIZER_H_
#define BATON_RUNTIME_DATA_TOKENIZER_BERT_NORMALIZER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {

// `text`: UTF-8. Errors: those of Normalize.
absl::StatusOr<std::string> NormalizeForBert(absl::string_view text, const BertNormalization& rule);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_BERT_NORMALIZER_H_
