// Patches, positions, first rows and columns by Baton's own kernels. None of them saves anything.
#include "ops/cuda/rows.h"

#include <utility>

#include "base/status.h"
#include "ops/cuda/kernels/columns.h"
#include "ops/cuda/kernels/first_row.h"
#include "ops/cuda/kernels/patches.h"
#include "ops/cuda/kernels/positions.h"
#include "ops/cuda/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class CudaPatches final : public PrimitiveLayer {
 public:
  CudaPatches(LayerInfo info, int64_t edge)
      : PrimitiveLayer(std::move(info), Footprint{}),
        shape_({input_shape().type(), input_shape()[0], input_shape()[1], input_shape()[2], input_shape()[3], edge}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("patches", "forward", output_shape(), 2); });
    return LaunchPatches(stream, shape_, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return PassWork("patches", "backward", output_shape(), 2); });
    return LaunchPatchesBackward(stream, shape_, buffers.grad_output, buffers.grad_input);
  }

 private:
  const PatchesShape shape_;
};

class CudaPositions final : public PrimitiveLayer {
 public:
  CudaPositions(LayerInfo info, bool class_token)
      : PrimitiveLayer(std::move(info), Footprint{}),
        class_token_(class_token),
        shape_({output_shape().type(), output_shape()[0], output_shape()[1], class_token ? 1 : 0, output_shape()[2]}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("positions", "forward", output_shape(), 2); });
    return LaunchPositions(stream, shape_, buffers.input, class_token_ ? Value<std::byte>(1) : nullptr,
                           Value<std::byte>(0), buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] { return PassWork("positions", "backward", input_shape(), 2); });
    return LaunchPositionsBackward(stream, shape_, buffers.grad_output, buffers.grad_input);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle,
                            [&] { return PassWork("positions", "gradients", output_shape(), 1); });
    return LaunchPositionsGradients(stream, shape_, buffers.grad_output, Gradient<float>(0),
                                    class_token_ ? Gradient<float>(1) : nullptr);
  }

 private:
  const bool class_token_;
  const PositionsShape shape_;
};

class CudaFirstRow final : public PrimitiveLayer {
 public:
  explicit CudaFirstRow(LayerInfo info)
      : PrimitiveLayer(std::move(info), Footprint{}),
        shape_({input_shape().type(), input_shape()[0], input_shape()[1], input_shape()[2]}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const KernelScope scope(stream.native_handle, [&] { return PassWork("first_row", "forward", output_shape(), 2); });
    return LaunchFirstRow(stream, shape_, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const KernelScope scope(stream.native_handle, [&] {
      return PassWork("first_row", "backward", input_shape(), 1, static_cast<double>(output_shape().NumBytes()));
    });
    return LaunchFirstRowBackward(stream, shape_, buffers.grad_output, buffers.grad_input);
  }

 private:
  const FirstRowShape shape_;
};

class CudaColumns final : public PrimitiveLayer {
 public:
  CudaColumns(LayerInfo info, const ColumnsSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        shape_({input_shape().type(), NumRows(input_shape()), input_shape().extents().back(), spec.begin, spec.end}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    return LaunchColumns(stream, shape_, buffers.input, buffers.output);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    return LaunchColumnsBackward(stream, shape_, buffers.grad_output, buffers.grad_input);
  }

 private:
  const ColumnsShape shape_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaPatches(const PatchesSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, PatchesInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaPatches>(std::move(info), spec.edge);
}

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaPositions(const PositionsSpec& spec, const Shape& input,
                                                           const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, PositionsInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaPositions>(std::move(info), spec.class_token);
}

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaFirstRow(const FirstRowSpec& spec, const Shape& input,
                                                          const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, FirstRowInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaFirstRow>(std::move(info));
}

absl::StatusOr<std::unique_ptr<Layer>> CreateCudaColumns(const ColumnsSpec& spec, const Shape& input,
                                                         const CudaBackendOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ColumnsInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckPrecision(input, options.ElementType()));
  return std::make_unique<CudaColumns>(std::move(info), spec);
}

}  // namespace baton
