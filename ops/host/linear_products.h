// The three matrix products of a linear layer, in f32 or bf16. Used by linear.cc and feed_forward.cc.
#ifndef BATON_OPS_HOST_LINEAR_PRODUCTS_H_
#define BATON_OPS_HOST_LINEAR_PRODUCTS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/host/host_options.h"
#include "ops/host/one_dnn.h"
#include "ops/layers/spec.h"

namespace baton {

// Operands that the caller has rounded already, with bf16 products: they are bf16 in memory.
struct RoundedOperands {
  bool input = false;
  bool grad_output = false;
};

// Tensors are f32 in memory. With bf16 products, operands are rounded to bf16 into scratch unless the caller has done
// so, and sums are f32. Calls run inside a ThreadScope of the options' threads. Thread contract: one thread at a time.
class HostLinearProducts {
 public:
  // `rows`: of the input. Errors: Internal if oneDNN fails.
  static absl::StatusOr<HostLinearProducts> Create(const HostOptions& options, const LinearSpec& spec, int64_t rows,
                                                   const RoundedOperands& rounded = {});

  Bytes scratch_bytes() const { return scratch_bytes_; }

  // output ← input · weightᵀ + bias + addend; `bias` is null unless the spec adds one; addend: [rows, outputs] or null.
  absl::Status Forward(const void* input, const float* weight, const float* bias, const float* addend, float* output,
                       std::byte* scratch);
  // grad_input ← grad_output · weight
  absl::Status BackwardInput(const void* grad_output, const float* weight, float* grad_input, std::byte* scratch);
  // weight_gradient ← weight_gradient + grad_outputᵀ · input
  absl::Status BackwardWeight(const void* grad_output, const void* input, float* weight_gradient, std::byte* scratch);

 private:
  HostLinearProducts(const HostOptions& options, const LinearSpec& spec, int64_t rows, const RoundedOperands& rounded)
      : options_(options), rounded_(rounded), rows_(rows), inputs_(spec.inputs), outputs_(spec.outputs) {}

  // Makes all primitives. Throws dnnl::error.
  void MakePrimitives(bool adds_bias);
  // The same elements as a product reads them: `values`, or their copy in bf16 at `copy`, unless they are `rounded`.
  const void* Operand(int64_t count, const void* values, bool rounded, std::byte* copy) const;

  HostOptions options_;
  RoundedOperands rounded_;
  int64_t rows_, inputs_, outputs_;
  Bytes pad_bytes_ = 0;  // of oneDNN, at the beginning of scratch
  Bytes scratch_bytes_ = 0;
  OneDnnPrimitive forward_;
  OneDnnPrimitive forward_with_addend_;
  OneDnnPrimitive backward_input_;   // empty with f32 products
  OneDnnPrimitive backward_weight_;  // empty with f32 products
};

}  // namespace baton

#endif  // BATON_OPS_HOST_LINEAR_PRODUCTS_H_
