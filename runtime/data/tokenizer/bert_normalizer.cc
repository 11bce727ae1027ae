// Character by character, in the library's order: clean, Chinese, accents, case.
#include "runtime/data/tokenizer/bert_normalizer.h"

#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "base/status.h"
#include "runtime/data/tokenizer/unicode.h"

namespace baton {
namespace {

// The library's ranges, its wrong beginning of the sixth included.
bool IsChinese(UChar32 c) {
  constexpr UChar32 kRanges[][2] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                                    {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  for (const auto& [first, last] : kRanges) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

bool IsSpace(UChar32 c) { return u_isUWhiteSpace(c) != 0; }

// Controls, formats and private characters, but not those that are unassigned, as in the library.
bool IsDropped(UChar32 c) {
  if (c == 0 || c == 0xFFFD) return true;
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return (U_GET_GC_MASK(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) != 0;
}

void Append(UChar32 c, std::string& text) {
  char bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  text.append(bytes, static_cast<size_t>(size));
}

// The lower case of one character alone, which may be several.
void AppendLower(UChar32 c, std::string& text) {
  UChar from[2], to[8];
  int32_t size = 0;
  U16_APPEND_UNSAFE(from, size, c);
  UErrorCode error = U_ZERO_ERROR;
  const int32_t length = u_strToLower(to, 8, from, size, "", &error);
  if (U_FAILURE(error) || length > 8) return Append(c, text);
  for (int32_t i = 0; i < length;) {
    UChar32 lower = 0;
    U16_NEXT_UNSAFE(to, i, lower);
    Append(lower, text);
  }
}

// Calls `append` with each character of `text`.
template <typename Function>
std::string EachCharacter(absl::string_view text, Function append) {
  std::string result;
  result.reserve(text.size());
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    append(c, result);
  }
  return result;
}

}  // namespace

absl::StatusOr<std::string> NormalizeForBert(absl::string_view text, const BertNormalization& rule) {
  std::string normal = EachCharacter(text, [&](UChar32 c, std::string& result) {
    if (rule.cleans) {
      if (IsDropped(c)) return;
      if (IsSpace(c)) c = ' ';
    }
    const bool stands_apart = rule.separates_chinese && IsChinese(c);
    if (stands_apart) result += ' ';
    Append(c, result);
    if (stands_apart) result += ' ';
  });
  if (rule.strips_accents) {
    BATON_ASSIGN_OR_RETURN(normal, Normalize(normal, Normalization::kNfd));
    normal = EachCharacter(normal, [](UChar32 c, std::string& result) {
      if (u_charType(c) != U_NON_SPACING_MARK) Append(c, result);
    });
  }
  return rule.lowers ? EachCharacter(normal, AppendLower) : normal;
}

}  // namespace baton
