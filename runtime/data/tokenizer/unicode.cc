// ICU works on UTF-16; places are counted back into UTF-8.
#include "runtime/data/tokenizer/unicode.h"

#include <unicode/unorm2.h>
#include <unicode/uregex.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// Limits of one search: about a second, and 64 MiB to go back to.
constexpr int32_t kMaxTime = 1000;
constexpr int32_t kMaxStackBytes = 64 << 20;

std::u16string ToUtf16(absl::string_view text) {
  std::u16string result(text.size(), u'\0');
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8WithSub(&result[0], static_cast<int32_t>(result.size()), &length, text.data(),
                       static_cast<int32_t>(text.size()), 0xfffd, nullptr, &error);
  result.resize(static_cast<size_t>(length));
  return result;
}

std::string ToUtf8(const std::u16string& text) {
  std::string result(text.size() * 3, '\0');
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(&result[0], static_cast<int32_t>(result.size()), &length, text.data(),
                     static_cast<int32_t>(text.size()), 0xfffd, nullptr, &error);
  result.resize(static_cast<size_t>(length));
  return result;
}

// The bytes that UTF-16 units [begin, end) have in UTF-8; they are whole characters.
size_t Utf8Bytes(const std::u16string& text, int32_t begin, int32_t end) {
  size_t bytes = 0;
  for (int32_t i = begin; i < end; ++i) {
    // Each half of a pair counts two of the character's four.
    bytes += text[i] < 0x80 ? 1 : text[i] < 0x800 || U16_IS_SURROGATE(text[i]) ? 2 : 3;
  }
  return bytes;
}

absl::Status TooMuch(UErrorCode error) {
  return absl::ResourceExhaustedError(absl::StrCat("a regular expression gave up (", u_errorName(error), ")"));
}

struct CloseExpression {
  void operator()(URegularExpression* expression) const { uregex_close(expression); }
};

}  // namespace

absl::StatusOr<WordPattern> WordPattern::Compile(const std::string& pattern) {
  const std::u16string wide = ToUtf16(pattern);
  UErrorCode error = U_ZERO_ERROR;
  UParseError place = {};
  URegularExpression* compiled = uregex_open(wide.data(), static_cast<int32_t>(wide.size()), 0, &place, &error);
  if (U_FAILURE(error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no regular expression (", u_errorName(error), " at character ", place.offset, ")"));
  }
  uregex_setTimeLimit(compiled, kMaxTime, &error);
  uregex_setStackLimit(compiled, kMaxStackBytes, &error);
  return WordPattern(compiled);
}

WordPattern::WordPattern(WordPattern&& other) noexcept : compiled_(std::exchange(other.compiled_, nullptr)) {}

WordPattern& WordPattern::operator=(WordPattern&& other) noexcept {
  std::swap(compiled_, other.compiled_);
  return *this;
}

WordPattern::~WordPattern() {
  if (compiled_ != nullptr) uregex_close(compiled_);
}

absl::Status WordPattern::Split(absl::string_view text,
                                const std::function<absl::Status(absl::string_view, bool)>& piece) const {
  if (text.empty()) return absl::OkStatus();
  const std::u16string wide = ToUtf16(text);
  UErrorCode error = U_ZERO_ERROR;
  // An expression holds the state of a search, so that each search has its own.
  const std::unique_ptr<URegularExpression, CloseExpression> search(uregex_clone(compiled_, &error));
  uregex_setText(search.get(), wide.data(), static_cast<int32_t>(wide.size()), &error);
  int32_t done = 0;
  size_t done_bytes = 0;
  const auto give = [&](int32_t end, bool is_match) {
    const size_t bytes = Utf8Bytes(wide, done, end);
    const absl::string_view part = text.substr(done_bytes, bytes);
    done = end;
    done_bytes += bytes;
    return part.empty() ? absl::OkStatus() : piece(part, is_match);
  };
  while (U_SUCCESS(error) && uregex_findNext(search.get(), &error)) {
    const int32_t begin = uregex_start(search.get(), 0, &error), end = uregex_end(search.get(), 0, &error);
    if (end == begin) continue;
    if (absl::Status status = give(begin, false); !status.ok()) return status;
    if (absl::Status status = give(end, true); !status.ok()) return status;
  }
  if (U_FAILURE(error)) return TooMuch(error);
  return give(static_cast<int32_t>(wide.size()), false);
}

absl::StatusOr<std::string> Normalize(absl::string_view text, Normalization form) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2* normalizer = form == Normalization::kNfc    ? unorm2_getNFCInstance(&error)
                                   : form == Normalization::kNfd  ? unorm2_getNFDInstance(&error)
                                   : form == Normalization::kNfkc ? unorm2_getNFKCInstance(&error)
                                                                  : unorm2_getNFKDInstance(&error);
  if (U_FAILURE(error)) return TooMuch(error);
  const std::u16string wide = ToUtf16(text);
  std::u16string result(wide.size() + 16, u'\0');
  for (int tries = 0; tries < 2; ++tries) {
    error = U_ZERO_ERROR;
    const int32_t length = unorm2_normalize(normalizer, wide.data(), static_cast<int32_t>(wide.size()), &result[0],
                                            static_cast<int32_t>(result.size()), &error);
    const bool is_short = error == U_BUFFER_OVERFLOW_ERROR;
    if (!is_short && U_FAILURE(error)) break;
    result.resize(static_cast<size_t>(length));
    if (!is_short) return ToUtf8(result);
  }
  return absl::ResourceExhaustedError(absl::StrCat("a text cannot be normalized (", u_errorName(error), ")"));
}

std::string ValidUtf8(absl::string_view bytes) { return ToUtf8(ToUtf16(bytes)); }

}  // namespace baton
