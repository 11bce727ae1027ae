// Finds the form of a file; checks and copies its tokens.
#include "runtime/data/tokens/token_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr char kField[] = "data.tokens";
constexpr int64_t kIdsOfBlock = 1 << 16;

absl::Status Wrong(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(kField, ": ", path, ": ", what));
}

std::string IndexOfPair(const std::string& path) {
  return absl::StrCat(absl::StripSuffix(BinOfPair(path), ".bin"), ".idx");
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// True if `path` is the .bin of a pair whose .idx is there.
bool IsOfPair(const std::string& path) { return absl::EndsWith(path, ".bin") && Exists(IndexOfPair(path)); }

absl::StatusOr<TokenFormat> FindFormat(const std::string& path, const MappedFile& file) {
  if (IsOfPair(path)) return TokenFormat::kMegatron;
  if (HasLlmcMagic(file.bytes())) return TokenFormat::kLlmc;
  if (file.bytes().empty()) return Wrong(path, "the file is empty");
  return Wrong(path, absl::StrCat("no .idx stands beside it and it begins with ",
                                  file.bytes().size() < 4 ? 0 : Load<int32_t>(file.bytes().data()),
                                  ", none of llm.c's magic numbers 20240520 and 20240801; for 16-bit numbers without "
                                  "a header, set data.format: UINT16"));
}

absl::StatusOr<TokenLayout> LayoutOf(TokenFormat format, const std::string& path, const MappedFile& file) {
  const int64_t bytes = static_cast<int64_t>(file.bytes().size());
  if (format == TokenFormat::kLlmc) return LayoutOfLlmc(file.bytes());
  if (format == TokenFormat::kUint16) return LayoutOfUint16(bytes);
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> index, MappedFile::Open(kField, IndexOfPair(path)));
  absl::StatusOr<TokenLayout> layout = LayoutOfMegatron(index->bytes(), bytes);
  if (layout.ok()) return layout;
  return Wrong(index->path(), layout.status().message());
}

// The first of `count` tokens that is not in [0, vocabulary), or -1.
template <typename T>
int64_t FindWrongId(const T* ids, int64_t count, int64_t vocabulary) {
  // Without a branch a token, so that the compiler makes vector instructions of it.
  const uint64_t limit = static_cast<uint64_t>(vocabulary);
  bool any = false;
  for (int64_t i = 0; i < count; ++i) any |= static_cast<uint64_t>(static_cast<int64_t>(ids[i])) >= limit;
  if (!any) return -1;
  for (int64_t i = 0;; ++i) {
    if (static_cast<uint64_t>(static_cast<int64_t>(ids[i])) >= limit) return i;
  }
}

}  // namespace

std::string BinOfPair(const std::string& path) {
  return absl::EndsWith(path, ".idx") ? absl::StrCat(absl::StripSuffix(path, ".idx"), ".bin") : path;
}

absl::StatusOr<TokenFile> TokenFile::Open(const std::string& name, TokenFormat format) {
  if (format == TokenFormat::kMegatron && !absl::EndsWith(name, ".bin") && !absl::EndsWith(name, ".idx")) {
    return Wrong(name, "the name must end with .bin or .idx for data.format: MEGATRON");
  }
  if (format == TokenFormat::kUint16 && IsOfPair(name)) {
    // Its numbers may have another size.
    return Wrong(name, "an .idx stands beside it, so that it is one of Megatron-LM's pairs; set data.format: MEGATRON");
  }
  const bool is_pair = format == TokenFormat::kAuto || format == TokenFormat::kMegatron;
  const std::string path = is_pair ? BinOfPair(name) : name;
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> file, MappedFile::Open(kField, path));
  if (format == TokenFormat::kAuto) {
    BATON_ASSIGN_OR_RETURN(format, FindFormat(path, *file));
  }
  absl::StatusOr<TokenLayout> layout = LayoutOf(format, path, *file);
  if (!layout.ok()) {
    const bool is_named = absl::StartsWith(layout.status().message(), kField);
    return is_named ? layout.status() : Wrong(path, layout.status().message());
  }
  return TokenFile(std::move(file), *std::move(layout));
}

absl::Status TokenFile::Check(int64_t vocabulary, absl::string_view vocabulary_field, ContentHash& hash) const {
  const absl::Span<const std::byte> bytes = file_->bytes();
  madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), MADV_SEQUENTIAL);
  const int64_t size = BytesOf(layout_.type);
  for (const TokenRun& run : layout_.runs) {
    for (int64_t first = 0; first < run.count; first += kIdsOfBlock) {
      const int64_t count = std::min(kIdsOfBlock, run.count - first);
      const std::byte* data = bytes.data() + run.offset + first * size;
      hash.Add(absl::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(count * size)));
      const absl::Status status = WithIdType(layout_.type, [&](auto zero) -> absl::Status {
        const auto* ids = reinterpret_cast<const decltype(zero)*>(data);
        const int64_t wrong = FindWrongId(ids, count, vocabulary);
        if (wrong < 0) return absl::OkStatus();
        return Wrong(
            path(), absl::StrCat("token ", static_cast<int64_t>(ids[wrong]), " at position ", run.first + first + wrong,
                                 " must be from 0 to ", vocabulary - 1, " (", vocabulary_field, ": ", vocabulary, ")"));
      });
      BATON_RETURN_IF_ERROR(status);
    }
  }
  madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), MADV_NORMAL);
  return absl::OkStatus();
}

void TokenFile::Copy(int64_t first, int64_t count, int32_t* out) const {
  auto run = std::upper_bound(layout_.runs.begin(), layout_.runs.end(), first,
                              [](int64_t position, const TokenRun& each) { return position < each.first; }) -
             1;
  while (count > 0) {
    const int64_t skipped = first - run->first;
    const int64_t here = std::min(count, run->count - skipped);
    WithIdType(layout_.type, [&](auto zero) {
      const auto* ids = reinterpret_cast<const decltype(zero)*>(file_->bytes().data() + run->offset) + skipped;
      for (int64_t i = 0; i < here; ++i) out[i] = static_cast<int32_t>(ids[i]);
    });
    out += here;
    first += here;
    count -= here;
    ++run;
  }
}

}  // namespace baton
