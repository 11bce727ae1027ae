// Gates by vectorised loops.
#include "ops/host/gate.h"

#include <cmath>
#include <utility>

#include "base/status.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

BATON_ALWAYS_INLINE float Sigmoid(float x) { return 1.0f / (1.0f + VectorizableExp(-x)); }

// Each activation as a type, so that the loops below are compiled for it. Value and slope are for one element.
struct Relu {
  static BATON_ALWAYS_INLINE float Value(float x) { return x > 0.0f ? x : 0.0f; }
  static BATON_ALWAYS_INLINE float Slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
};

struct Silu {
  static BATON_ALWAYS_INLINE float Value(float x) { return x * Sigmoid(x); }
  static BATON_ALWAYS_INLINE float Slope(float x) {
    const float sigmoid = Sigmoid(x);
    return sigmoid * (1.0f + x * (1.0f - sigmoid));
  }
};

// With u = √(2/π) (x + 0.044715 x³): 0.5 x (1 + tanh u) = x · sigmoid(2u).
struct GeluTanh {
  static constexpr float kTwiceRoot = 1.5957691216057308f;  // 2 √(2/π)
  static BATON_ALWAYS_INLINE float Value(float x) { return x * Sigmoid(kTwiceRoot * (x + 0.044715f * x * x * x)); }
  static BATON_ALWAYS_INLINE float Slope(float x) {
    const float sigmoid = Sigmoid(kTwiceRoot * (x + 0.044715f * x * x * x));
    return sigmoid + x * sigmoid * (1.0f - sigmoid) * kTwiceRoot * (1.0f + 3.0f * 0.044715f * x * x);
  }
};

// Not vectorised: the C library's erf.
struct Gelu {
  static float Cdf(float x) { return 0.5f * std::erfc(-x * 0.70710678f); }
  static float Value(float x) { return x * Cdf(x); }
  static float Slope(float x) { return Cdf(x) + x * 0.39894228f * std::exp(-0.5f * x * x); }
};

template <typename Activation>
BATON_ALWAYS_INLINE void Gate(int64_t rows, int64_t width, const float* __restrict x, float* __restrict y) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * width, y += width) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) y[c] = Activation::Value(x[c]) * x[width + c];
  }
}

template <typename Activation>
BATON_ALWAYS_INLINE void GateBackward(int64_t rows, int64_t width, const float* __restrict x,
                                      const float* __restrict dy, float* __restrict dx) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * width, dx += 2 * width, dy += width) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      dx[c] = dy[c] * x[width + c] * Activation::Slope(x[c]);
      dx[width + c] = dy[c] * Activation::Value(x[c]);
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
  HostGate(LayerInfo info, ActivationKind kind) : PrimitiveLayer(std::move(info), Footprint{}), kind_(kind) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    GateRows(kind_, NumRows(output_shape()), output_shape().extents().back(), Floats(buffers.input),
             Floats(buffers.output));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    GateRowsBackward(kind_, NumRows(output_shape()), output_shape().extents().back(), Floats(buffers.input),
                     Floats(buffers.grad_output), Floats(buffers.grad_input));
    return absl::OkStatus();
  }

 private:
  const ActivationKind kind_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostGate(const GateSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, GateInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostGate>(std::move(info), spec.kind);
}

}  // namespace baton
