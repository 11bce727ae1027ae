// Files of 16-bit numbers, with llm.c's header or without.
#include "runtime/data/tokens/token_layout.h"

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr int32_t kMagicUint16 = 20240520, kVersionUint16 = 1;
constexpr int32_t kMagicUint32 = 20240801, kVersionUint32 = 7;
constexpr int64_t kHeaderBytes = 1024;

TokenLayout OneRun(IdType type, int64_t offset, int64_t count) { return {type, count, {{offset, 0, count}}}; }

}  // namespace

absl::StatusOr<TokenLayout> LayoutOfUint16(int64_t file_bytes) {
  if (file_bytes == 0) return absl::InvalidArgumentError("the file is empty");
  if (file_bytes % 2 != 0) {
    return absl::InvalidArgumentError(absl::StrCat(file_bytes, " bytes are no whole number of 16-bit tokens"));
  }
  return OneRun(IdType::kUint16, 0, file_bytes / 2);
}

bool HasLlmcMagic(absl::Span<const std::byte> file) {
  if (file.size() < 4) return false;
  const int32_t magic = Load<int32_t>(file.data());
  return magic == kMagicUint16 || magic == kMagicUint32;
}

absl::StatusOr<TokenLayout> LayoutOfLlmc(absl::Span<const std::byte> file) {
  const int64_t bytes = static_cast<int64_t>(file.size());
  if (bytes < kHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("llm.c's header has ", kHeaderBytes, " bytes, but the file has ", bytes));
  }
  const int32_t magic = Load<int32_t>(file.data());
  const int32_t version = Load<int32_t>(file.data() + 4);
  const int64_t count = Load<int32_t>(file.data() + 8);
  if (!HasLlmcMagic(file)) {
    return absl::InvalidArgumentError(
        absl::StrCat("magic number ", magic, " is neither ", kMagicUint16, " nor ", kMagicUint32, ", those of llm.c"));
  }
  const int32_t expected = magic == kMagicUint16 ? kVersionUint16 : kVersionUint32;
  if (version != expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("version ", version, " must be ", expected, " for the magic number ", magic));
  }
  const IdType type = magic == kMagicUint16 ? IdType::kUint16 : IdType::kUint32;
  if (count < 1) return absl::InvalidArgumentError(absl::StrCat("the header's ", count, " tokens must be at least 1"));
  if (count * BytesOf(type) != bytes - kHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the header's ", count, " tokens of ", BytesOf(type),
                                                   " bytes must be all that follows it, which is ",
                                                   bytes - kHeaderBytes, " bytes"));
  }
  return OneRun(type, kHeaderBytes, count);
}

}  // namespace baton
