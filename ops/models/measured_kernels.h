// Kernels that were measured on a GPU, in place of assumptions. Used by ops/models/rates.
//
// A file has one JSON object a line; the first names the GPU:
//
//     {"device":"NVIDIA H100 80GB HBM3","baton":"1.2"}
//     {"kernel":"product","shape":"m=16384 n=768 k=3072 a=bf16 b=bf16 c=bf16 epilogue=bias","count":12,
//      "median_us":123.4,"bytes":130500000,"flops":7.73e10}                                  (in one line)
//
//     BATON_ASSIGN_OR_RETURN(const MeasuredKernels measured, MeasuredKernels::Parse(text, "kernels.jsonl"));
//     if (const auto match = measured.Find(kernel)) …
#ifndef BATON_OPS_MODELS_MEASURED_KERNELS_H_
#define BATON_OPS_MODELS_MEASURED_KERNELS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ops/models/kernels.h"

namespace baton {

struct MeasuredKernel {
  std::string function;
  KernelShape shape;
  double median_ns = 0;  // above 0
  double bytes = 0;
  double flops = 0;
};

// Immutable.
class MeasuredKernels {
 public:
  // `name`: of the file, for messages. Fields that are not named above are left out of account. Errors:
  // InvalidArgument, as `kernels.jsonl, line 3: median_us: -1 must be above 0`.
  static absl::StatusOr<MeasuredKernels> Parse(absl::string_view text, const std::string& name);

  // The row for a kernel.
  //
  // Rows of the same function are looked at, and of these the ones with the kernel's element types and pass (words a,
  // b, c, type and pass, where both have them). Their extents are compared with the kernel's: those of its shape, or
  // the bytes of a kernel without one; an extent of 0 must be equal. The m and n of a product may change places, as
  // they do if its result is transposed. The row with the smallest sum of |log(ratio)| over the extents is the nearest;
  // of equally near ones, one with the same epilogue, then the first. It counts if no extent differs by more than
  // kFurthest; the optimizer's kernels may have any number of elements.
  struct Match {
    const MeasuredKernel* row = nullptr;
    bool is_exact = false;  // equal extents and epilogue, and both add or neither
  };
  std::optional<Match> Find(const Kernel& kernel) const;

  // The most by which an extent of the nearest row may be larger or smaller.
  static constexpr double kFurthest = 2;

  const std::string& device() const { return device_; }
  const std::vector<MeasuredKernel>& rows() const { return rows_; }

 private:
  std::string device_;
  std::vector<MeasuredKernel> rows_;
};

}  // namespace baton

#endif  // BATON_OPS_MODELS_MEASURED_KERNELS_H_
