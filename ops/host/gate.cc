// Gates by vectorised loops.
#include "ops/host/gate.h"

#include <utility>

#include "base/status.h"
#include "ops/host/activation_formulas.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

template <typename Activation>
BATON_ALWAYS_INLINE void Gate(int64_t rows, int64_t width, const float* __restrict x, float* __restrict y) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * width, y += width) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = Activation::At(x[c]).value * x[width + c];
  }
}

template <typename Activation>
BATON_ALWAYS_INLINE void GateBackward(int64_t rows, int64_t width, const float* __restrict x,
                                      const float* __restrict dy, float* __restrict dx) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * width, dx += 2 * width, dy += width) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const ValueAndSlope at = Activation::At(x[c]);
      dx[c] = dy[c] * x[width + c] * at.slope;
      dx[width + c] = dy[c] * at.value;
    }
  }
}

BATON_SIMD_CLONES
void GateRows(ActivationKind kind, int64_t rows, int64_t width, const float* x, float* y) {
  switch (kind) {
    case ActivationKind::kRelu:
      return Gate<Relu>(rows, width, x, y);
    case ActivationKind::kGelu:
      return Gate<Gelu>(rows, width, x, y);
    case ActivationKind::kGeluTanh:
      return Gate<GeluTanh>(rows, width, x, y);
    case ActivationKind::kSilu:
      return Gate<Silu>(rows, width, x, y);
  }
}

BATON_SIMD_CLONES
void GateRowsBackward(ActivationKind kind, int64_t rows, int64_t width, const float* x, const float* dy, float* dx) {
  switch (kind) {
    case ActivationKind::kRelu:
      return GateBackward<Relu>(rows, width, x, dy, dx);
    case ActivationKind::kGelu:
      return GateBackward<Gelu>(rows, width, x, dy, dx);
    case ActivationKind::kGeluTanh:
      return GateBackward<GeluTanh>(rows, width, x, dy, dx);
    case ActivationKind::kSilu:
      return GateBackward<Silu>(rows, width, x, dy, dx);
  }
}

class HostGate final : public PrimitiveLayer {
 public:
  HostGate(int threads, LayerInfo info, ActivationKind kind)
      : PrimitiveLayer(std::move(info), Footprint{}), threads_(threads), kind_(kind) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t width = Width();
    ParallelFor(threads_, NumRows(output_shape()), LeastRows(), [&](int64_t begin, int64_t end, int) {
      GateRows(kind_, end - begin, width, Floats(buffers.input) + begin * 2 * width,
               Floats(buffers.output) + begin * width);
    });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const int64_t width = Width();
    ParallelFor(threads_, NumRows(output_shape()), LeastRows(), [&](int64_t begin, int64_t end, int) {
      GateRowsBackward(kind_, end - begin, width, Floats(buffers.input) + begin * 2 * width,
                       Floats(buffers.grad_output) + begin * width, Floats(buffers.grad_input) + begin * 2 * width);
    });
    return absl::OkStatus();
  }

 private:
  int64_t Width() const { return output_shape().extents().back(); }
  int64_t LeastRows() const { return LeastPart(3 * Width() * SizeOf(DataType::kFloat32)); }

  const int threads_;
  const ActivationKind kind_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostGate(const GateSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, GateInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostGate>(threads, std::move(info), spec.kind);
}

}  // namespace baton
