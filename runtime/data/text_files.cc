// Reads, tokenizes, and keeps a cache:
//
//     "baton tokens 1\n"  key: 32 characters  bytes of a token: u64  files: u64  bytes of each file: u64[files]
//     tokens of each file  hash of all before: 32 characters
#include "runtime/data/text_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/read_file.h"
#include "base/status.h"
#include "base/write_file.h"
#include "runtime/data/files.h"

namespace baton {
namespace {

constexpr size_t kMaxTextBytes = size_t{16} << 30;
constexpr char kMagic[] = "baton tokens 1\n";
constexpr size_t kHashBytes = 32;

absl::StatusOr<std::string> ReadText(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("data.text: cannot read ", path));
  std::string text;
  std::vector<char> block(1 << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxTextBytes) {
      return absl::InvalidArgumentError(absl::StrCat("data.text: ", path, " is larger than 16 GiB"));
    }
  }
  if (file.bad()) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("data.text: cannot read ", path));
  return text;
}

absl::StatusOr<std::vector<std::string>> ReadTexts(const std::vector<std::string>& paths, const std::string& pattern) {
  std::vector<std::string> texts;
  size_t bytes = 0;
  for (const std::string& path : paths) {
    BATON_ASSIGN_OR_RETURN(std::string text, ReadText(path));
    bytes += text.size();
    if (bytes > kMaxTextBytes) {
      return absl::InvalidArgumentError(absl::StrCat("data.text: \"", pattern, "\" is more than 16 GiB of text"));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

// A hash of everything that the tokens depend on.
std::string KeyOf(const std::vector<std::string>& texts, const Tokenizer& tokenizer) {
  ContentHash hash;
  hash.Add(tokenizer.contents_hash());
  for (const std::string& text : texts) {
    hash.Add(absl::StrCat(" ", text.size(), " "));
    hash.Add(text);
  }
  return hash.Hex();
}

std::string Raw(uint64_t number) { return std::string(reinterpret_cast<const char*>(&number), sizeof(number)); }

std::string ToCache(const std::string& key, const TextTokens& tokens) {
  std::string cache = absl::StrCat(kMagic, key);
  cache += Raw(static_cast<uint64_t>(BytesOf(tokens.type)));
  cache += Raw(tokens.files.size());
  for (const std::string& file : tokens.files) cache += Raw(file.size());
  for (const std::string& file : tokens.files) cache += file;
  return cache + HashOf(cache);
}

// Reads the tokens of a cache; false if it was made from other files or is not whole.
bool FromCache(absl::string_view cache, const std::string& key, TextTokens& tokens) {
  const std::string begin = absl::StrCat(kMagic, key);
  if (cache.size() < begin.size() + 16 + kHashBytes || !absl::StartsWith(cache, begin)) return false;
  const absl::string_view hash = cache.substr(cache.size() - kHashBytes);
  cache.remove_suffix(kHashBytes);
  if (HashOf(cache) != hash) return false;
  cache.remove_prefix(begin.size());
  const auto take = [&cache] {
    const uint64_t number = Load<uint64_t>(reinterpret_cast<const std::byte*>(cache.data()));
    cache.remove_prefix(8);
    return number;
  };
  tokens.type = take() == 2 ? IdType::kUint16 : IdType::kUint32;
  const uint64_t files = take();
  if (files > cache.size() / 8) return false;
  std::vector<uint64_t> sizes;
  for (uint64_t i = 0; i < files; ++i) sizes.push_back(take());
  for (const uint64_t size : sizes) {
    if (size > cache.size()) return false;
    tokens.files.emplace_back(cache.substr(0, size));
    cache.remove_prefix(size);
  }
  return cache.empty();
}

// Numbers as 16 or 32 bits.
template <typename T>
std::string Pack(const std::vector<int32_t>& ids) {
  const std::vector<T> narrow(ids.begin(), ids.end());
  return std::string(reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(T));
}

}  // namespace

absl::StatusOr<TextTokens> ReadTextBytes(const std::string& pattern) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ExpandPattern("data.text", pattern));
  TextTokens tokens;
  BATON_ASSIGN_OR_RETURN(tokens.files, ReadTexts(paths, pattern));
  return tokens;
}

absl::StatusOr<TextTokens> TokenizeText(const std::string& pattern, const Tokenizer& tokenizer,
                                        const std::string& cache) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ExpandPattern("data.text", pattern));
  BATON_ASSIGN_OR_RETURN(std::vector<std::string> texts, ReadTexts(paths, pattern));
  const std::string key = cache.empty() ? "" : KeyOf(texts, tokenizer);
  if (!cache.empty()) {
    TextTokens cached;
    const absl::StatusOr<std::string> contents = ReadFile("tokens", cache, 5 * kMaxTextBytes);
    if (contents.ok() && FromCache(*contents, key, cached)) return cached;
  }
  TextTokens tokens;
  tokens.type = tokenizer.vocabulary() <= 65536 ? IdType::kUint16 : IdType::kUint32;
  for (size_t i = 0; i < texts.size(); ++i) {
    const absl::StatusOr<std::vector<int32_t>> ids = tokenizer.Encode(texts[i]);
    if (!ids.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("data.text: ", paths[i], ": ", ids.status().message()));
    }
    std::string().swap(texts[i]);
    tokens.files.push_back(tokens.type == IdType::kUint16 ? Pack<uint16_t>(*ids) : Pack<uint32_t>(*ids));
  }
  if (!cache.empty()) BATON_RETURN_IF_ERROR(WriteFile(cache, ToCache(key, tokens)));
  return tokens;
}

}  // namespace baton
