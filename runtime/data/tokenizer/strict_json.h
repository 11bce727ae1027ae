// JSON of a file that is not trusted. Used by the readers of tokenizers.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_STRICT_JSON_H_
#define BATON_RUNTIME_DATA_TOKENIZER_STRICT_JSON_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

// Errors: InvalidArgument if `text` is no JSON object, has a key twice in one object, or is nested deeper than 64.
absl::StatusOr<nlohmann::json> ParseStrictJson(const std::string& text);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_STRICT_JSON_H_
