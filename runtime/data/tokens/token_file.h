// A file of token numbers, mapped into memory. Used by token_dataset.cc.
#ifndef BATON_RUNTIME_DATA_TOKENS_TOKEN_FILE_H_
#define BATON_RUNTIME_DATA_TOKENS_TOKEN_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/content_hash.h"
#include "runtime/data/files.h"
#include "runtime/data/tokens/token_layout.h"

namespace baton {

// data.format.
enum class TokenFormat { kAuto, kLlmc, kUint16, kMegatron };

// Thread contract: immutable.
class TokenFile {
 public:
  // A name that ends with .idx stands for the .bin beside it. Errors: InvalidArgument that names data.tokens, the file
  // and what is wrong; those of MappedFile.
  static absl::StatusOr<TokenFile> Open(const std::string& path, TokenFormat format);

  const std::string& path() const { return file_->path(); }
  // The number of tokens, at least 1.
  int64_t count() const { return layout_.count; }

  // Reads all tokens, adds them to `hash`, and checks that each is in [0, vocabulary). `vocabulary_field` is the job's
  // field that says so. Errors: InvalidArgument that names the file, the position, the token and the vocabulary.
  absl::Status Check(int64_t vocabulary, absl::string_view vocabulary_field, ContentHash& hash) const;

  // Writes tokens [first, first + count) to `out`. They must have been checked.
  void Copy(int64_t first, int64_t count, int32_t* out) const;

 private:
  TokenFile(std::unique_ptr<MappedFile> file, TokenLayout layout)
      : file_(std::move(file)), layout_(std::move(layout)) {}

  std::unique_ptr<MappedFile> file_;
  TokenLayout layout_;
};

// The .bin of a pair of .bin and .idx, of which `path` is either.
std::string BinOfPair(const std::string& path);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENS_TOKEN_FILE_H_
