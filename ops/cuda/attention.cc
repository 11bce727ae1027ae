// Attention by cuDNN's fused kernels where cuDNN has them for the shape, else by Baton's own.
#include "ops/cuda/attention.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/fused_attention.h"
#include "ops/cuda/kernels/attention.h"
#include "ops/cuda/support.h"
#include "ops/layers/dropout_mask.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

AttentionShape ShapeOf(const AttentionSpec& spec, const Shape& input) {
  return {input.type(),         input[0],    input[1],   spec.heads, spec.HeadWidth(),
          spec.KeyValueHeads(), spec.causal, spec.window};
}

Bytes OutputBytes(const LayerInfo& info) { return AlignUp(info.output_shape.NumBytes()); }

// saved: the output, unless BackwardInput has it (ExpectOutput), since the output buffer belongs to the next layer once
// Forward has returned; then log Σ exp of each query's scores.
class CudaAttention final : public PrimitiveLayer {
 public:
  CudaAttention(LayerInfo info, const Footprint& footprint, const AttentionShape& shape,
                const ProbabilityDropout& dropout, std::unique_ptr<FusedAttention> fused)
      : PrimitiveLayer(std::move(info), footprint), shape_(shape), dropout_(dropout), fused_(std::move(fused)) {}

  void ExpectOutput() override {
    has_output_ = true;
    Footprint less = footprint();
    less.saved -= AlignUp(output_shape().NumBytes());
    set_footprint(less);
  }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return Work("forward", /*products=*/2); });
    float* const log_sums = LogSums(buffers);
    std::byte* const copy = has_output_ ? nullptr : buffers.saved;
    if (fused_ != nullptr) {
      const absl::Status status =
          fused_->Forward(stream, buffers.input, has_output_ ? buffers.output : copy, log_sums, buffers.scratch);
      if (status.ok() && !has_output_) {
        BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(buffers.output, copy, output_shape().NumBytes(),
                                                   cudaMemcpyDeviceToDevice,
                                                   static_cast<cudaStream_t>(stream.native_handle)));
      }
      if (!absl::IsUnimplemented(status)) return status;
      fused_ = nullptr;
    }
    return LaunchAttention(stream, shape_, DropoutOf(buffers), buffers.input, buffers.output, copy, log_sums);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return Work("backward", /*products=*/5); });
    const float* const log_sums = LogSums(buffers);
    const std::byte* const output = has_output_ ? buffers.output : buffers.saved;
    if (fused_ != nullptr && fused_backward_) {
      const absl::Status status = fused_->Backward(stream, buffers.input, output, log_sums, buffers.grad_output,
                                                   buffers.grad_input, buffers.scratch);
      if (!absl::IsUnimplemented(status)) return status;
      fused_backward_ = false;
    }
    return LaunchAttentionBackward(stream, shape_, DropoutOf(buffers), buffers.input, output, log_sums,
                                   buffers.grad_output, buffers.grad_input, buffers.scratch);
  }

 private:
  // For KernelScope. `products`: those of all queries with the keys that they see.
  KernelWork Work(const char* pass, int products) const {
    const bool forward = products == 2;
    const auto input = static_cast<double>(input_shape().NumBytes());
    const auto output = static_cast<double>(output_shape().NumBytes());
    const auto log_sums = 4.0 * static_cast<double>(shape_.sequences * shape_.context * shape_.heads);
    const auto context = static_cast<double>(shape_.context);
    double keys = shape_.causal ? (context + 1) / 2 : context;
    if (shape_.window > 0) keys = std::min(keys, static_cast<double>(shape_.window));
    const auto rows = static_cast<double>(shape_.sequences * shape_.context);
    KernelWork work;
    work.kernel = "attention";
    work.shape =
        absl::StrCat("pass=", pass, " sequences=", shape_.sequences, " context=", shape_.context,
                     " heads=", shape_.heads, " keys=", shape_.key_value_heads, " width=", shape_.head_width,
                     " causal=", shape_.causal ? 1 : 0, " window=", shape_.window, " type=", NameOf(shape_.type));
    work.bytes = forward ? input + output * (has_output_ ? 1 : 3) + log_sums : 2 * input + 2 * output + log_sums;
    work.flops = 2.0 * products * rows * static_cast<double>(shape_.Width()) * keys;
    return work;
  }

  float* LogSums(const PassBuffers& buffers) const {
    return Floats(buffers.saved + (has_output_ ? 0 : AlignUp(output_shape().NumBytes())));
  }

  ProbabilityDropout DropoutOf(const PassBuffers& buffers) const {
    ProbabilityDropout dropout = dropout_;
    dropout.step = buffers.step;
    dropout.first_sequence = buffers.first_sequence;
    if (buffers.step == nullptr) dropout.threshold = 0;
    return dropout;
  }

  const AttentionShape shape_;
  const ProbabilityDropout dropout_;       // without the step
  std::unique_ptr<FusedAttention> fused_;  // null: Baton's own kernels
  bool has_output_ = false;                // BackwardInput has the output
  bool fused_backward_ = true;             // false: the backward pass runs by Baton's own kernels
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaAttention(const AttentionSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, AttentionInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  const AttentionShape shape = ShapeOf(spec, input);
  BATON_RETURN_IF_ERROR(CheckRows("attention", shape.sequences * shape.context * shape.heads));
  if (shape.head_width > kMaxHeadWidth) {
    return absl::InvalidArgumentError(absl::StrCat("attention.heads: ", spec.heads, " heads of width ", spec.width,
                                                   " are ", shape.head_width,
                                                   " wide each, above the CUDA backend's limit, ", kMaxHeadWidth));
  }
  ProbabilityDropout dropout;
  dropout.name_hash = DropoutNameHash(spec.name);
  dropout.threshold = DropoutThreshold(spec.dropout);
  dropout.first_head = spec.first_head;
  dropout.scale = static_cast<float>(1 / (1 - spec.dropout));
  // cuDNN draws other numbers.
  std::unique_ptr<FusedAttention> fused =
      dropout.threshold > 0 ? nullptr : CreateFusedAttention(shape, options.deterministic);
  Footprint footprint;
  footprint.saved =
      OutputBytes(info) + AlignUp(shape.sequences * shape.heads * shape.context * static_cast<Bytes>(sizeof(float)));
  footprint.scratch = AttentionBackwardScratchBytes(shape);
  if (fused != nullptr) footprint.scratch = std::max(footprint.scratch, fused->ScratchBytes());
  return std::make_unique<CudaAttention>(std::move(info), footprint, shape, dropout, std::move(fused));
}

}  // namespace baton
