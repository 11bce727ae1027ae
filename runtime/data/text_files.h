// Text files as token numbers: their bytes, or those of a tokenizer, which a cache keeps. Used by text.cc.
#ifndef BATON_RUNTIME_DATA_TEXT_FILES_H_
#define BATON_RUNTIME_DATA_TEXT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokens/id_type.h"

namespace baton {

// Numbers of the type, one behind the other, of each file.
struct TextTokens {
  IdType type = IdType::kUint8;
  std::vector<std::string> files;
};

// Each byte of the files of data.text is a token. Errors: those of ExpandPattern and of reading; InvalidArgument if the
// text is more than 16 GiB.
absl::StatusOr<TextTokens> ReadTextBytes(const std::string& pattern);

// The tokens of each file by `tokenizer`. `cache` is the path of a file, or empty: it is read instead, if it was made
// from files and a tokenizer with the same contents and is whole, and written otherwise. Errors: those of
// ReadTextBytes; InvalidArgument with the path for a text that the tokenizer refuses; those of writing the cache.
absl::StatusOr<TextTokens> TokenizeText(const std::string& pattern, const Tokenizer& tokenizer,
                                        const std::string& cache);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TEXT_FILES_H_
