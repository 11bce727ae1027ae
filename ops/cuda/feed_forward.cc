// A feed-forward layer has six products, these four and the gradients of both weights:
//
//          x ─▶ · W₁ᵀ + b₁ ─▶ u ─▶ GELU ─▶ h ─▶ · W₂ᵀ + b₂ ─▶ y
//         dx ◀─ · W₁ ◀─ du ◀─────── · GELU′(u) ◀─ · W₂ ◀───── dy
//
// The first product writes both u and h, the one from dy writes du directly, so that neither GELU needs a pass over
// memory of its own.
#include "ops/cuda/feed_forward.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/cuda/linear_products.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// saved: u; saved_weight: h; stash: du.
class CudaFeedForward final : public PrimitiveLayer {
 public:
  CudaFeedForward(LayerInfo info, const Footprint& footprint, const LinearSpec& first, const LinearSpec& second,
                  const CudaBackendOptions& options)
      : PrimitiveLayer(std::move(info), footprint),
        second_bias_(second.bias),
        adds_second_bias_(AddsBias(second)),
        first_(first, NumRows(input_shape()), options, {/*gelu_after=*/true, false}),
        second_(second, NumRows(input_shape()), options, {false, /*gelu_before=*/true}) {}

  bool adds_to_output() const override { return true; }
  bool adds_to_grad_input() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    MatmulOperands first;
    first.a = buffers.input;
    first.b = Value<std::byte>(kFirstWeight);
    first.bias = Value<std::byte>(kFirstBias);
    first.aux = buffers.saved;
    first.c = buffers.saved_weight;
    BATON_RETURN_IF_ERROR(first_.Forward(stream, first, buffers.scratch));
    MatmulOperands second;
    second.a = buffers.saved_weight;
    second.b = Value<std::byte>(kSecondWeight);
    second.bias = adds_second_bias_ ? Value<std::byte>(kSecondBias) : nullptr;
    second.addend = buffers.addend;
    second.c = buffers.output;
    return second_.Forward(stream, second, buffers.scratch);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    MatmulOperands second;
    second.a = buffers.grad_output;
    second.b = Value<std::byte>(kSecondWeight);
    second.aux = buffers.saved;
    second.c = buffers.stash;
    BATON_RETURN_IF_ERROR(second_.BackwardInput(stream, second, buffers.scratch));
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    MatmulOperands first;
    first.a = buffers.stash;
    first.b = Value<std::byte>(kFirstWeight);
    first.addend = buffers.addend;
    first.c = buffers.grad_input;
    return first_.BackwardInput(stream, first, buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    BATON_RETURN_IF_ERROR(
        second_.BackwardWeight(stream, buffers.grad_output, buffers.saved_weight, Gradient<float>(kSecondWeight),
                               second_bias_ ? Gradient<float>(kSecondBias) : nullptr, buffers.scratch));
    return first_.BackwardWeight(stream, buffers.stash, buffers.input, Gradient<float>(kFirstWeight),
                                 Gradient<float>(kFirstBias), buffers.scratch);
  }

 private:
  enum Parameter { kFirstWeight, kFirstBias, kSecondWeight, kSecondBias };

  const bool second_bias_;
  const bool adds_second_bias_;
  LinearProducts first_;
  LinearProducts second_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaFeedForward(const LinearSpec& first, ActivationKind activation,
                                                             const LinearSpec& second, const Shape& input,
                                                             const CudaBackendOptions& options) {
  constexpr int64_t kWidthStep = 8;  // of the leading dimension of what cuBLASLt calls aux
  if (!options.fuse_gelu || options.ElementType() != DataType::kBFloat16 || activation != ActivationKind::kGeluTanh ||
      !AddsBias(first) || first.outputs % kWidthStep != 0) {
    return std::unique_ptr<Layer>();
  }
  BATON_ASSIGN_OR_RETURN(LayerInfo info, FeedForwardInfo(first, activation, second, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  Footprint footprint;
  footprint.saved = footprint.saved_weight = footprint.stash =
      AlignUp(NumRows(input) * first.outputs * SizeOf(options.ElementType()));
  footprint.scratch = std::max(LinearProducts::ScratchBytes(first, NumRows(input), options),
                               LinearProducts::ScratchBytes(second, NumRows(input), options));
  return std::make_unique<CudaFeedForward>(std::move(info), footprint, first, second, options);
}

}  // namespace baton
