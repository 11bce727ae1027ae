// Reads JSON that is not trusted: the headers of weights, tokenizers, and the files of Hugging Face.
//
//   BATON_ASSIGN_OR_RETURN(const nlohmann::json config, ParseJsonObject(text, "config.json"));
#ifndef BATON_BASE_JSON_OBJECT_H_
#define BATON_BASE_JSON_OBJECT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// Parses `text`: one object, at most 32 levels deep, in which no object has two equal keys. Unlike the library alone it
// needs little stack whatever the text is. Errors: InvalidArgument as `WHAT is no JSON object`, `WHAT has "n_head"
// twice`.
absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text, absl::string_view what);

}  // namespace baton

#endif  // BATON_BASE_JSON_OBJECT_H_
