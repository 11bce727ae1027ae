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
#include "ops/cuda/linear_layer.h"
#include "ops/cuda/support.h"

namespace baton {
namespace {

// saved_weight: the logits, then their gradients. scratch: that of the products, or the losses of rows.
class CudaHeadLoss final : public CudaLinearLayer {
 public:
  CudaHeadLoss(LayerInfo info, const Footprint& footprint, const LinearSpec& head, const CrossEntropySpec& loss,
               const CudaBackendOptions& options)
      : CudaLinearLayer(std::move(info), footprint, head, options),
        shape_({input_shape().type(), NumRows(input_shape()), loss.classes, loss.loss_rows,
                static_cast<float>(loss.z_loss)}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    BATON_RETURN_IF_ERROR(Multiply(stream, buffers, /*addend=*/nullptr, buffers.saved_weight));
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
    return MultiplyBack(stream, buffers, buffers.saved_weight);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    return AddGradients(stream, buffers, buffers.saved_weight);
  }

 private:
  const CrossEntropyShape shape_;
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
