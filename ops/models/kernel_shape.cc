// Fields of name=value, in both directions.
#include "ops/models/kernel_shape.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/printable.h"

namespace baton {

bool operator==(const KernelShape& a, const KernelShape& b) { return a.extents == b.extents && a.words == b.words; }

std::string ToText(const KernelShape& shape) {
  std::string text;
  const auto add = [&text](const std::string& name, absl::string_view value) {
    absl::StrAppend(&text, text.empty() ? "" : " ", name, "=", value);
  };
  for (const auto& [name, value] : shape.extents) add(name, absl::StrCat(static_cast<int64_t>(value)));
  for (const auto& [name, value] : shape.words) add(name, value);
  return text;
}

absl::StatusOr<KernelShape> ParseKernelShape(absl::string_view text) {
  KernelShape shape;
  for (const absl::string_view field : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const auto quoted = [&] { return absl::StrCat("\"", Printable(std::string(field.substr(0, 100))), "\""); };
    const size_t equals = field.find('=');
    if (equals == absl::string_view::npos || equals == 0 || equals + 1 == field.size()) {
      return absl::InvalidArgumentError(absl::StrCat(quoted(), " is not NAME=VALUE"));
    }
    const std::string name(field.substr(0, equals));
    const absl::string_view value = field.substr(equals + 1);
    double number = 0;
    const bool is_number = absl::SimpleAtod(value, &number);
    if (is_number && !(number >= 0 && std::isfinite(number))) {
      return absl::InvalidArgumentError(absl::StrCat(quoted(), " must be at least 0"));
    }
    const bool is_new =
        is_number ? shape.extents.emplace(name, number).second : shape.words.emplace(name, std::string(value)).second;
    if (!is_new || (shape.extents.count(name) > 0 && shape.words.count(name) > 0)) {
      return absl::InvalidArgumentError(absl::StrCat(quoted(), " is there twice"));
    }
  }
  return shape;
}

}  // namespace baton
