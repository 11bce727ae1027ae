// Where the tokens of a file stand, by the file's own header or index. A file is not trusted: every number is checked
// before it is used. Used by token_file.cc, and by fuzzers.
#ifndef BATON_RUNTIME_DATA_TOKENS_TOKEN_LAYOUT_H_
#define BATON_RUNTIME_DATA_TOKENS_TOKEN_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/data/tokens/id_type.h"

namespace baton {

// Consecutive tokens.
struct TokenRun {
  int64_t offset = 0;  // in bytes from the file's begin
  int64_t first = 0;   // of all tokens of the file
  int64_t count = 0;   // at least 1
};

// The runs lie inside the file and have together `count` tokens, at least 1.
struct TokenLayout {
  IdType type = IdType::kUint16;
  int64_t count = 0;
  std::vector<TokenRun> runs;
};

// Errors of the functions below: InvalidArgument without the file's name.

// Numbers of 16 bits without a header.
absl::StatusOr<TokenLayout> LayoutOfUint16(int64_t file_bytes);

// True if `file` begins with one of llm.c's two magic numbers.
bool HasLlmcMagic(absl::Span<const std::byte> file);

// llm.c's form (its dev/data/data_common.py): 256 numbers of 32 bits, the first three of which are magic number,
// version and count of tokens, then the tokens: of 16 bits for magic 20240520 (version 1), of 32 bits for 20240801
// (version 7).
absl::StatusOr<TokenLayout> LayoutOfLlmc(absl::Span<const std::byte> file);

// Megatron-LM's form (megatron/core/datasets/indexed_dataset.py): `index` is
//
//     "MMIDIDX\0\0"  version 1: u64  type: u8  sequences: u64  documents: u64
//     lengths: i32[sequences]  pointers: i64[sequences]  document bounds: i64[documents]
//
// A sequence is `length` tokens from byte `pointer` of the .bin, which has `bin_bytes` bytes. All of them, in the order
// of the index, are the tokens of the file. Document bounds are checked, but nothing depends on them.
absl::StatusOr<TokenLayout> LayoutOfMegatron(absl::Span<const std::byte> index, int64_t bin_bytes);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENS_TOKEN_LAYOUT_H_
