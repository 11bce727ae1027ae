// Words for numbers that are not finite.
#include "runtime/train/nonfinite.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

NonfiniteOrigin FirstOf(const NonfiniteOrigin& a, const NonfiniteOrigin& b) {
  NonfiniteOrigin first = a;
  if (a.loss_micro_batch < 0 || (b.loss_micro_batch >= 0 && b.loss_micro_batch < a.loss_micro_batch)) {
    first.loss_micro_batch = b.loss_micro_batch;
  }
  const bool b_is_first = b.chunk >= 0 && (a.chunk < 0 || std::make_pair(b.micro_batch, -b.chunk) <=
                                                              std::make_pair(a.micro_batch, -a.chunk));
  if (!b_is_first) return first;
  first.micro_batch = b.micro_batch;
  first.chunk = b.chunk;
  return first;
}

std::string NonfiniteName(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

std::string DescribeNonfinite(double loss, double gradient_norm, const NonfiniteOrigin& origin) {
  std::string text;
  if (!std::isfinite(loss)) {
    text = absl::StrCat("the loss is ", NonfiniteName(loss));
    if (origin.loss_micro_batch >= 0) absl::StrAppend(&text, " (first in micro-batch ", origin.loss_micro_batch, ")");
  }
  if (!std::isfinite(gradient_norm)) {
    absl::StrAppend(&text, text.empty() ? "" : " and ", "the gradient norm is ", NonfiniteName(gradient_norm));
  }
  if (origin.chunk < 0) return text;
  return absl::StrCat(text, "; the first gradient that is not finite is that of chunk ", origin.chunk,
                      " in micro-batch ", origin.micro_batch);
}

}  // namespace baton
