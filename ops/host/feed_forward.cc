// A feed-forward layer has six products, these four and the gradients of both weights:
//
//          x ─▶ · W₁ᵀ ─▶ u ─▶ f(u + b₁) ─▶ h ─▶ · W₂ᵀ + b₂ ─▶ y
//         dx ◀─ · W₁ ◀── du ◀─ · f′(u + b₁) ◀── · W₂ ◀─────── dy
//
// One loop adds the bias and computes both f and f′, which share most of their work. f′ stands where u was, so that the
// backward pass only multiplies by it.
#include "ops/host/feed_forward.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/activation_formulas.h"
#include "ops/host/linear_products.h"
#include "ops/host/parallel.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// u ← f′(u + bias), h ← f(u + bias). u, h: [rows, width]; bias: [width] or null.
template <typename Activation, typename Value>
BATON_ALWAYS_INLINE void Activate(int64_t rows, int64_t width, const float* bias, float* u, Value* h) {
  for (int64_t row = 0; row < rows; ++row) {
    float* __restrict slopes = u + row * width;
    Value* __restrict values = h + row * width;
    if (bias == nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < width; ++c) {
        const ValueAndSlope at = Activation::At(slopes[c]);
        StoreAs(at.value, &values[c]);
        slopes[c] = at.slope;
      }
      continue;
    }
    const float* __restrict b = bias;
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const ValueAndSlope at = Activation::At(slopes[c] + b[c]);
      StoreAs(at.value, &values[c]);
      slopes[c] = at.slope;
    }
  }
}

template <typename Value>
BATON_ALWAYS_INLINE void ActivateBy(ActivationKind kind, int64_t rows, int64_t width, const float* bias, float* u,
                                    Value* h) {
  switch (kind) {
    case ActivationKind::kRelu:
      return Activate<Relu>(rows, width, bias, u, h);
    case ActivationKind::kGelu:
      return Activate<Gelu>(rows, width, bias, u, h);
    case ActivationKind::kGeluTanh:
      return Activate<GeluTanh>(rows, width, bias, u, h);
    case ActivationKind::kSilu:
      return Activate<Silu>(rows, width, bias, u, h);
  }
}

BATON_SIMD_CLONES
void ActivateRows(ActivationKind kind, int64_t rows, int64_t width, const float* bias, float* u, float* h) {
  ActivateBy(kind, rows, width, bias, u, h);
}

BATON_SIMD_CLONES
void ActivateAndRoundRows(ActivationKind kind, int64_t rows, int64_t width, const float* bias, float* u, uint16_t* h) {
  ActivateBy(kind, rows, width, bias, u, h);
}

// saved: f′(u + b₁); saved_weight: h; stash: the sums of the rows of du, which are the gradient of b₁, then du. With
// bf16 products, h and du are bf16, and BackwardInput computes the gradient of h in f32 in scratch, behind what the
// products need of it.
class HostFeedForward final : public PrimitiveLayer {
 public:
  HostFeedForward(const HostOptions& options, LayerInfo info, const Footprint& footprint, const LinearSpec& first,
                  ActivationKind activation, const LinearSpec& second, HostLinearProducts first_products,
                  HostLinearProducts second_products)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(options.threads),
        rounds_(options.products == DataType::kBFloat16),
        rows_(NumRows(input_shape())),
        hidden_(first.outputs),
        outputs_(second.outputs),
        sums_bytes_(SumsBytes(first)),
        activation_(activation),
        first_bias_(first.bias),
        adds_first_bias_(first.bias && first.adds_bias),
        second_bias_(second.bias),
        adds_second_bias_(second.bias && second.adds_bias),
        second_weight_(first.bias ? 2 : 1),
        first_(std::move(first_products)),
        second_(std::move(second_products)) {}

  static Bytes SumsBytes(const LinearSpec& first) { return AlignUp(first.outputs * SizeOf(DataType::kFloat32)); }

  bool adds_to_output() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    float* const u = Floats(buffers.saved);
    std::byte* const h = buffers.saved_weight;
    BATON_RETURN_IF_ERROR(first_.Forward(buffers.input, Value<float>(0), nullptr, nullptr, u, buffers.scratch));
    const float* const bias = adds_first_bias_ ? Value<float>(1) : nullptr;
    ParallelFor(threads_, rows_, LeastPart(2 * hidden_ * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  const int64_t at = begin * hidden_;
                  if (rounds_) {
                    ActivateAndRoundRows(activation_, end - begin, hidden_, bias, u + at, Rounded(h) + at);
                  } else {
                    ActivateRows(activation_, end - begin, hidden_, bias, u + at, Floats(h) + at);
                  }
                });
    return second_.Forward(h, Value<float>(second_weight_),
                           adds_second_bias_ ? Value<float>(second_weight_ + 1) : nullptr, Floats(buffers.addend),
                           Floats(buffers.output), buffers.scratch);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    float* const sums = Floats(buffers.stash);
    std::byte* const du = buffers.stash + sums_bytes_;
    float* const dh = Floats(rounds_ ? buffers.scratch + ProductScratch() : du);
    BATON_RETURN_IF_ERROR(
        second_.BackwardInput(buffers.grad_output, Value<float>(second_weight_), dh, buffers.scratch));
    if (rounds_) {
      MultiplyAndSumRows(threads_, rows_, hidden_, Floats(buffers.saved), dh, Rounded(du), sums);
    } else {
      MultiplyAndSumRows(threads_, rows_, hidden_, Floats(buffers.saved), dh, dh, sums);
    }
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    return first_.BackwardInput(du, Value<float>(0), Floats(buffers.grad_input), buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (second_bias_) {
      AddRowSums(threads_, rows_, outputs_, Floats(buffers.grad_output), Gradient<float>(second_weight_ + 1));
    }
    BATON_RETURN_IF_ERROR(second_.BackwardWeight(buffers.grad_output, buffers.saved_weight,
                                                 Gradient<float>(second_weight_), buffers.scratch));
    if (first_bias_) AddTo(hidden_, Floats(buffers.stash), Gradient<float>(1));
    return first_.BackwardWeight(buffers.stash + sums_bytes_, buffers.input, Gradient<float>(0), buffers.scratch);
  }

 private:
  static uint16_t* Rounded(std::byte* bytes) { return reinterpret_cast<uint16_t*>(bytes); }
  Bytes ProductScratch() const { return std::max(first_.scratch_bytes(), second_.scratch_bytes()); }

  const int threads_;
  const bool rounds_;  // h and du to bf16
  const int64_t rows_;
  const int64_t hidden_;
  const int64_t outputs_;
  const Bytes sums_bytes_;
  const ActivationKind activation_;
  const bool first_bias_, adds_first_bias_;
  const bool second_bias_, adds_second_bias_;
  const int second_weight_;  // its index among the parameters; its bias follows
  HostLinearProducts first_;
  HostLinearProducts second_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostFeedForward(const LinearSpec& first, ActivationKind activation,
                                                             const LinearSpec& second, const Shape& input,
                                                             const HostOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, FeedForwardInfo(first, activation, second, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  LinearSpec without_bias = first;  // the activation's loop adds it
  without_bias.bias = false;
  const int64_t rows = NumRows(input);
  const bool rounds = options.products == DataType::kBFloat16;
  BATON_ASSIGN_OR_RETURN(HostLinearProducts first_products,
                         HostLinearProducts::Create(options, without_bias, rows, {/*input=*/false, rounds}));
  BATON_ASSIGN_OR_RETURN(HostLinearProducts second_products,
                         HostLinearProducts::Create(options, second, rows, {/*input=*/rounds, false}));
  const Bytes products = std::max(first_products.scratch_bytes(), second_products.scratch_bytes());
  Footprint footprint;
  footprint.saved = AlignUp(rows * first.outputs * SizeOf(DataType::kFloat32));
  footprint.saved_weight = AlignUp(rows * first.outputs * SizeOf(options.products));
  footprint.stash = HostFeedForward::SumsBytes(first) + footprint.saved_weight;
  footprint.scratch = products + (rounds ? footprint.saved : 0);
  return std::make_unique<HostFeedForward>(options, std::move(info), footprint, first, activation, second,
                                           std::move(first_products), std::move(second_products));
}

}  // namespace baton
