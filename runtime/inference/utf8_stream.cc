// Cuts bytes into characters by the first two bytes of each.
#include "runtime/inference/utf8_stream.h"

#include <cstdint>

namespace baton {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";

// The bytes of a character that begins with `first`; 0 if none does.
size_t LengthOf(uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

// True if `next` may follow the bytes [0, at) of a character that begins with `first`. The ranges for the second byte
// leave out longer forms than needed, surrogates and numbers above U+10FFFF (RFC 3629, section 4).
bool Continues(uint8_t first, size_t at, uint8_t next) {
  uint8_t least = 0x80, most = 0xbf;
  if (at == 1 && first == 0xe0) least = 0xa0;
  if (at == 1 && first == 0xed) most = 0x9f;
  if (at == 1 && first == 0xf0) least = 0x90;
  if (at == 1 && first == 0xf4) most = 0x8f;
  return next >= least && next <= most;
}

}  // namespace

std::string Utf8Stream::Add(absl::string_view bytes) {
  std::string whole;
  for (size_t i = 0; i < bytes.size();) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if (!held_.empty() && !Continues(static_cast<uint8_t>(held_[0]), held_.size(), byte)) {
      whole += kReplacement;
      held_.clear();
      continue;  // the byte may begin another character
    }
    ++i;
    if (held_.empty() && LengthOf(byte) == 0) {
      whole += kReplacement;
      continue;
    }
    held_ += static_cast<char>(byte);
    if (held_.size() < LengthOf(static_cast<uint8_t>(held_[0]))) continue;
    whole += held_;
    held_.clear();
  }
  return whole;
}

std::string Utf8Stream::Finish() {
  if (held_.empty()) return "";
  held_.clear();
  return kReplacement;
}

}  // namespace baton
