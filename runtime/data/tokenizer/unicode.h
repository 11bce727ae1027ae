// Regular expressions and normal forms of Unicode, by ICU. Used by rule_tokenizer.cc.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_UNICODE_H_
#define BATON_RUNTIME_DATA_TOKENIZER_UNICODE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

struct URegularExpression;

namespace baton {

// The largest text that Split, Normalize and ValidUtf8 take: ICU counts in 32 bits.
inline constexpr size_t kMaxUnicodeBytes = size_t{1} << 30;

// A compiled regular expression in ICU's syntax, in which \p{L} is every letter of Unicode and \s every white space.
// Thread contract: immutable.
class WordPattern {
 public:
  // Errors: InvalidArgument that names what ICU refuses, and where.
  static absl::StatusOr<WordPattern> Compile(const std::string& pattern);

  WordPattern(WordPattern&&) noexcept;
  WordPattern& operator=(WordPattern&&) noexcept;
  ~WordPattern();

  // Calls `piece` with each match and with what lies between matches, in order; none is empty. `text` must be UTF-8.
  // Errors: those of `piece`; ResourceExhausted if the expression takes too long or too much memory.
  absl::Status Split(absl::string_view text,
                     const std::function<absl::Status(absl::string_view piece, bool is_match)>& piece) const;

 private:
  explicit WordPattern(URegularExpression* compiled) : compiled_(compiled) {}
  URegularExpression* compiled_;
};

// The normal form of a UTF-8 text. Errors: ResourceExhausted if memory does not suffice.
absl::StatusOr<std::string> Normalize(absl::string_view text, Normalization form);

// `bytes` with U+FFFD for each maximal part of a character that is not whole (Unicode 15, section 3.9, U+FFFD
// substitution of maximal subparts).
std::string ValidUtf8(absl::string_view bytes);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_UNICODE_H_
