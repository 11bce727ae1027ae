// The operands of a kernel as text, so that tables of measured kernels can name them. Used by ops/models/kernels and
// ops/models/measured_kernels.
//
//     m=16384 n=768 k=3072 adds=1 a=bf16 b=bf16 c=bf16 epilogue=bias
#ifndef BATON_OPS_MODELS_KERNEL_SHAPE_H_
#define BATON_OPS_MODELS_KERNEL_SHAPE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

struct KernelShape {
  std::map<std::string, double> extents;     // 0 or more
  std::map<std::string, std::string> words;  // element types, the epilogue
};

bool operator==(const KernelShape& a, const KernelShape& b);

// Extents first, both in the order of their names.
std::string ToText(const KernelShape& shape);

// Parses fields of name=value that spaces separate: a number is an extent, all else a word. Errors: InvalidArgument, as
// `"m" is not NAME=VALUE`.
absl::StatusOr<KernelShape> ParseKernelShape(absl::string_view text);

}  // namespace baton

#endif  // BATON_OPS_MODELS_KERNEL_SHAPE_H_
