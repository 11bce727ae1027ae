// The gradients of the logits need nothing from the backward pass, so Forward computes them at once, in place:
//
//   Forward          x · Wᵀ + b ─▶ logits ─▶ loss; gradients of the logits over the logits
//   BackwardInput    gradients · W ─▶ gradient of x
//   BackwardWeight   gradientsᵀ · x adds to the gradient of W
//
// An evaluation stops at the loss. A target outside [0, classes) makes the loss NaN.
#include "ops/cuda/head_loss.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/cross_entropy.h"
#include "ops/cuda/linear_products.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// saved_weight: the logits, then their gradients. scratch: that of the products, or the losses of rows.
class CudaHeadLoss final : public PrimitiveLayer {
 public:
  CudaHeadLoss(LayerInfo info, const Footprint& footprint, const LinearSpec& head, const CrossEntropySpec& loss,
               const CudaBackendOptions& options)
      : PrimitiveLayer(std::move(info), footprint),
        bias_(head.bias),
        shape_({input_shape().type(), NumRows(input_shape()), loss.classes, loss.loss_rows,
                static_cast<float>(loss.z_loss)}),
        products_(head, NumRows(input_shape()), options, {}) {}

  bool adds_to_grad_input() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    MatmulOperands operands;
    operands.a = buffers.input;
    operands.b = Value<std::byte>(0);
    operands.bias = bias_ ? Value<std::byte>(1) : nullptr;
    operands.c = buffers.saved_weight;
    BATON_RETURN_IF_ERROR(products_.Forward(stream, operands, buffers.scratch));
    float* const row_losses = Floats(buffers.scratch);
    const bool evaluates = buffers.step != nullptr && !buffers.step->training;
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("cross_entropy", evaluates ? "forward" : "both",
                      Shape(shape_.type, {shape_.rows, shape_.classes}), evaluates ? 1 : 2,
                      12.0 * static_cast<double>(shape_.rows));
    });
    if (evaluates) {
      return LaunchCrossEntropy(stream, shape_, buffers.saved_weight, Ids(buffers.targets), /*log_sums=*/nullptr,
                                /*saved_targets=*/nullptr, row_losses, buffers.loss);
    }
    return LaunchCrossEntropyWithGradient(stream, shape_, buffers.saved_weight, Ids(buffers.targets), row_losses,
                                          buffers.loss);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    MatmulOperands operands;
    operands.a = buffers.saved_weight;
    operands.b = Value<std::byte>(0);
    operands.addend = buffers.addend;
    operands.c = buffers.grad_input;
    return products_.BackwardInput(stream, operands, buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return products_.BackwardWeight(stream, buffers.saved_weight, buffers.input, Gradient<float>(0),
                                    bias_ ? Gradient<float>(1) : nullptr, buffers.scratch);
  }

 private:
  const bool bias_;
  const CrossEntropyShape shape_;
  LinearProducts products_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                          const Shape& input, const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(head, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  const Shape logits = info.output_shape;
  BATON_ASSIGN_OR_RETURN(const LayerInfo loss_info, CrossEntropyInfo(loss, logits));
  BATON_RETURN_IF_ERROR(CheckRows("cross_entropy", NumRows(logits)));
  info.output_shape = loss_info.output_shape;
  info.weight_needs_grad_output = false;
  info.flops.forward += loss_info.flops.forward;
  info.flops.backward_input += loss_info.flops.backward_input;
  Footprint footprint;
  footprint.saved_weight = AlignUp(logits.NumBytes());
  footprint.scratch = std::max(LinearProducts::ScratchBytes(head, NumRows(input), options),
                               AlignUp(NumRows(logits) * static_cast<Bytes>(sizeof(float))));
  return std::make_unique<CudaHeadLoss>(std::move(info), footprint, head, loss, options);
}

}  // namespace baton
