// Checks and facts of the CUDA layers. Used only by the .cc files of ops/cuda.
#ifndef BATON_OPS_CUDA_SUPPORT_H_
#define BATON_OPS_CUDA_SUPPORT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/kernel_observer.h"
#include "ops/tensor/pass_buffers.h"
#include "ops/tensor/shape.h"
#include "ops/tensor/views.h"

namespace baton {

// Errors: InvalidArgument unless the input's type is the backend's precision.
inline absl::Status CheckPrecision(const Shape& input, DataType precision) {
  if (input.type() == precision) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("input: ", input.ToString(), " is not ",
                                                 Shape(precision, {1}).ToString().substr(4),
                                                 ", the precision of this CUDA backend"));
}

// Errors: InvalidArgument, naming the layer, if `rows` does not fit the kernels' 31-bit index.
inline absl::Status CheckRows(const char* layer, int64_t rows) {
  constexpr int64_t kMost = 2147483647;
  if (rows <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(layer, ": ", rows, " rows are above the CUDA backend's limit, ", kMost));
}

// How many tensors of the input's size a norm's BackwardInput reads and writes.
inline double TensorsOfBackward(const PassBuffers& buffers) {
  return 2 + (buffers.grad_input != nullptr ? 1 : 0) + (buffers.addend != nullptr ? 1 : 0);
}

inline const char* NameOf(DataType type) { return type == DataType::kBFloat16 ? "bf16" : "f32"; }

// The facts of a pass over memory, for KernelScope. `of`: the tensor that the kernel runs over. `tensors`: how many of
// its size are read and written. `more`: other bytes.
inline KernelWork PassWork(const char* kernel, const char* pass, const Shape& of, double tensors, double more = 0) {
  const int64_t columns = of.extents().back();
  return {kernel,
          absl::StrCat("pass=", pass, " rows=", of.NumElements() / columns, " columns=", columns,
                       " type=", NameOf(of.type())),
          tensors * static_cast<double>(of.NumBytes()) + more, 0};
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_SUPPORT_H_
