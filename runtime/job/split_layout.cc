// Expands groups and factors into letters with positions, then counts blocks; see split_layout.h.
#include "runtime/job/split_layout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr size_t kMostCharacters = 65536;
// Letters and bars after all repetitions: more than the layers and chunks of any model.
constexpr size_t kMostLetters = 16384;

struct Letter {
  char letter;
  size_t at;  // its character in the string, from 0
};

absl::Status Wrong(size_t at, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("pipeline.split.layout: character ", at + 1, ": ", message));
}

class Expander {
 public:
  explicit Expander(absl::string_view layout) : layout_(layout) {}

  absl::StatusOr<std::vector<Letter>> Run() {
    for (SkipCommas(); at_ < layout_.size(); SkipCommas()) {
      const size_t first = letters_.size();
      if (layout_[at_] == '(') {
        BATON_RETURN_IF_ERROR(ReadGroup());
      } else {
        BATON_RETURN_IF_ERROR(ReadLetter());
      }
      BATON_RETURN_IF_ERROR(Repeat(first));
    }
    return std::move(letters_);
  }

 private:
  void SkipCommas() {
    while (at_ < layout_.size() && (layout_[at_] == ',' || absl::ascii_isspace(layout_[at_]))) ++at_;
  }

  absl::Status ReadLetter() {
    const char letter = layout_[at_];
    if (absl::string_view("EtL|").find(letter) != absl::string_view::npos) {
      letters_.push_back({letter, at_++});
      return absl::OkStatus();
    }
    if (letter == 'm') {
      return Wrong(at_, "m is a layer for multi-token prediction, which Baton's models do not have");
    }
    if (letter == '*') return Wrong(at_, "the factor has no letter, bar or parenthesis before it");
    if (letter == ')') return Wrong(at_, "the parenthesis was not opened");
    if (letter == '(') return Wrong(at_, "a parenthesis inside another one");
    return Wrong(at_, absl::StrCat("\"", Printable(layout_.substr(at_, 1)), "\" is none of E, t, L, |, (, ), * and ,"));
  }

  absl::Status ReadGroup() {
    const size_t opened = at_++;
    for (SkipCommas(); at_ < layout_.size() && layout_[at_] != ')'; SkipCommas()) {
      const size_t first = letters_.size();
      BATON_RETURN_IF_ERROR(ReadLetter());
      BATON_RETURN_IF_ERROR(Repeat(first));
    }
    if (at_ == layout_.size()) return Wrong(opened, "the parenthesis is not closed");
    ++at_;
    return absl::OkStatus();
  }

  // Repeats the letters from `first` on by the factor that follows, if one does.
  absl::Status Repeat(size_t first) {
    SkipCommas();
    if (at_ == layout_.size() || layout_[at_] != '*') return absl::OkStatus();
    const size_t star = at_++;
    SkipCommas();
    size_t factor = 0;
    const size_t digits = at_;
    for (; at_ < layout_.size() && absl::ascii_isdigit(layout_[at_]); ++at_) {
      factor = std::min(kMostLetters + 1, 10 * factor + (layout_[at_] - '0'));
    }
    if (at_ == digits) return Wrong(star, "* must be followed by a number");
    if (factor == 0) return Wrong(digits, "a factor must be at least 1");
    const size_t count = letters_.size() - first;
    if (letters_.size() + count * (factor - 1) > kMostLetters) {
      return Wrong(digits, absl::StrCat("the layout becomes longer than ", kMostLetters, " letters and bars"));
    }
    for (size_t i = count; i < count * factor; ++i) letters_.push_back(letters_[first + i % count]);
    return absl::OkStatus();
  }

  absl::string_view layout_;
  size_t at_ = 0;
  std::vector<Letter> letters_;
};

}  // namespace

absl::StatusOr<std::vector<int>> ParseSplitLayout(absl::string_view layout) {
  if (layout.size() > kMostCharacters) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.split.layout: ", layout.size(), " characters must be at most ", kMostCharacters));
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<Letter> letters, Expander(layout).Run());
  std::vector<int> blocks = {0};
  const Letter* loss = nullptr;
  const auto check_chunk = [&](size_t at) {
    if (blocks.back() > 0) return absl::OkStatus();
    return Wrong(at, absl::StrCat("chunk ", blocks.size() - 1, " ends without a t; each needs at least one",
                                  loss != nullptr      ? ", because the loss belongs to the last block"
                                  : blocks.size() == 1 ? ", because the embedding belongs to the first block"
                                                       : ""));
  };
  for (size_t i = 0; i < letters.size(); ++i) {
    const auto& [letter, at] = letters[i];
    if (letter == 'E' && i > 0)
      return Wrong(at, "E must stand once and first: the embedding belongs to the first block");
    if (loss != nullptr) return Wrong(loss->at, "L must stand once and last: the loss belongs to the last block");
    if (letter == 'L') loss = &letters[i];
    if (letter == 't') ++blocks.back();
    if (letter == '|') {
      BATON_RETURN_IF_ERROR(check_chunk(at));
      blocks.push_back(0);
    }
  }
  BATON_RETURN_IF_ERROR(check_chunk(letters.empty() ? 0 : letters.back().at));
  return blocks;
}

}  // namespace baton
