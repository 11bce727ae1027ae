// Decodes code point by code point; see printable.h.
#include "base/printable.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace baton {
namespace {

// A code point and its bytes; 0 bytes: not UTF-8.
struct Decoded {
  uint32_t code = 0;
  size_t bytes = 0;
};

// `text` is not empty.
Decoded DecodeFirst(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return {};
  uint32_t code = byte(0) & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, length};
}

bool IsShown(uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;                          // control characters
  if (code == 0x2028 || code == 0x2029 || code == 0x200E || code == 0x200F) return false;  // line ends, directions
  if ((code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069)) return false;
  return (code & 0xFFFE) != 0xFFFE && !(code >= 0xFDD0 && code <= 0xFDEF);
}

std::string Escaped(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  if (code < 0x80) return absl::StrFormat("\\x%02x", code);
  return code < 0x10000 ? absl::StrFormat("\\u%04x", code) : absl::StrFormat("\\U%08x", code);
}

std::string MakePrintable(absl::string_view text, bool keep_lines) {
  std::string printable;
  while (!text.empty()) {
    const Decoded first = DecodeFirst(text);
    if (first.bytes == 0) {
      absl::StrAppendFormat(&printable, "\\x%02x", static_cast<uint8_t>(text[0]));
    } else if (IsShown(first.code) || (keep_lines && first.code == '\n')) {
      absl::StrAppend(&printable, text.substr(0, first.bytes));
    } else {
      printable += Escaped(first.code);
    }
    text.remove_prefix(first.bytes == 0 ? 1 : first.bytes);
  }
  return printable;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t bytes = DecodeFirst(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string Printable(absl::string_view text) { return MakePrintable(text, /*keep_lines=*/false); }

std::string PrintableLines(absl::string_view text) { return MakePrintable(text, /*keep_lines=*/true); }

}  // namespace baton
