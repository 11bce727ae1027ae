// Cross-entropy by Baton's own kernels. A target outside [0, classes) makes the loss NaN.
#include "ops/cuda/cross_entropy.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/cross_entropy.h"
#include "ops/cuda/sliced_cross_entropy.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// saved: log Σ exp of each row, then the targets, since only Forward may read their buffer. scratch: the rows' losses.
class CudaCrossEntropy final : public PrimitiveLayer {
 public:
  CudaCrossEntropy(LayerInfo info, const Footprint& footprint, const CrossEntropySpec& spec)
      : PrimitiveLayer(std::move(info), footprint),
        shape_({input_shape().type(), NumRows(input_shape()), spec.classes, spec.loss_rows,
                static_cast<float>(spec.z_loss)}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("cross_entropy", "forward", input_shape(), 1, 20.0 * static_cast<double>(shape_.rows));
    });
    return LaunchCrossEntropy(stream, shape_, buffers.input, Ids(buffers.targets), Floats(buffers.saved),
                              Ids(buffers.saved) + shape_.rows, Floats(buffers.scratch), buffers.loss);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("cross_entropy", "backward", input_shape(), 2, 8.0 * static_cast<double>(shape_.rows));
    });
    return LaunchCrossEntropyBackward(stream, shape_, buffers.input, Floats(buffers.saved),
                                      Ids(buffers.saved) + shape_.rows, buffers.grad_input);
  }

 private:
  const CrossEntropyShape shape_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaCrossEntropy(const CrossEntropySpec& spec, const Shape& input,
                                                              const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, CrossEntropyInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  BATON_RETURN_IF_ERROR(CheckRows("cross_entropy", NumRows(input)));
  if (!spec.slice.IsWhole()) return CreateCudaSlicedCrossEntropy(spec, std::move(info));
  Footprint footprint;
  footprint.saved = AlignUp(NumRows(input) * static_cast<Bytes>(sizeof(float) + sizeof(int32_t)));
  footprint.scratch = AlignUp(NumRows(input) * static_cast<Bytes>(sizeof(float)));
  return std::make_unique<CudaCrossEntropy>(std::move(info), footprint, spec);
}

}  // namespace baton
