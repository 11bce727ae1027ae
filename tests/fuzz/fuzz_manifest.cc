// Fuzzes the reader of a checkpoint's manifest.json: an accepted manifest, printed and read again, is the same, and its
// tensors lie within its files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "base/content_hash.h"
#include "runtime/checkpoint/manifest.h"

namespace {

// A change of the text needs another hash at its end; without it the reader would look no further.
void SetHash(std::string* text) {
  constexpr char kField[] = "\"manifest_hash\": \"";
  constexpr size_t kDigits = 32;
  const size_t field = text->rfind(kField);
  if (field == std::string::npos) return;
  const size_t digits = field + sizeof(kField) - 1;
  if (digits + kDigits > text->size()) return;
  text->replace(digits, kDigits, std::string(kDigits, '0'));
  text->replace(digits, kDigits, baton::HashOf(*text));
}

void CheckTensors(const baton::proto::CheckpointManifest& manifest) {
  std::map<std::string, int64_t> bytes;
  for (const auto& file : manifest.files()) bytes[file.name()] = file.bytes();
  for (const auto& tensor : manifest.tensors()) {
    const auto file = bytes.find(tensor.file());
    const bool lies_within = file != bytes.end() && tensor.begin() >= 0 && tensor.begin() <= tensor.end() &&
                             tensor.end() <= file->second && tensor.file().find('/') == std::string::npos;
    if (!lies_within) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  (void)baton::ParseManifest(text);
  SetHash(&text);
  const auto manifest = baton::ParseManifest(text);
  if (!manifest.ok()) return 0;
  CheckTensors(*manifest);
  const std::string printed = baton::PrintManifest(*manifest);
  const auto again = baton::ParseManifest(printed);
  if (!again.ok() || baton::PrintManifest(*again) != printed) std::abort();
  return 0;
}
