// Checks before it reads: a pipe would wait, and a large file would be no configuration.
#include "runtime/hugging_face/model_text.h"

#include <cstdint>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/read_file.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<std::string> ReadModelText(const std::string& path) {
  constexpr uintmax_t kMostBytes = 64 << 20;
  const auto wrong = [&](const char* what) { return absl::InvalidArgumentError(absl::StrCat(path, ": ", what)); };
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::not_found) return wrong("there is no such file");
  if (kind != std::filesystem::file_type::regular) return wrong("is no file");
  if (std::filesystem::file_size(path, error) > kMostBytes) return wrong("is larger than 64 MiB");
  return ReadFile("model file", path, kMostBytes);
}

}  // namespace baton
