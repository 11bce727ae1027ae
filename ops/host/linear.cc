// Linear by oneDNN.
#include "ops/host/linear.h"

#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

using dnnl::memory;

// sums[c] += Σ rows values[row, c], in a fixed order. values: [rows, columns]; sums: [columns].
BATON_SIMD_CLONES
void AddRowSums(int64_t rows, int64_t columns, const float* __restrict values, float* __restrict sums) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float* __restrict v = values + row * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      sums[c] += (v[c] + v[columns + c]) + (v[2 * columns + c] + v[3 * columns + c]);
    }
  }
  for (; row < rows; ++row) {
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) sums[c] += values[row * columns + c];
  }
}

// Forward is a matmul primitive that also adds the bias. The two backward products are sgemm calls, which are as fast
// and, with beta = 1, add to the gradient.
class HostLinear final : public PrimitiveLayer {
 public:
  HostLinear(int threads, LayerInfo info, const Footprint& footprint, const LinearSpec& spec, OneDnnPrimitive forward)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        rows_(NumRows(input_shape())),
        inputs_(spec.inputs),
        outputs_(spec.outputs),
        bias_(spec.bias),
        adds_bias_(spec.bias && spec.adds_bias),
        forward_(std::move(forward)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (adds_bias_) {
      return forward_.Run({buffers.input, Value<float>(0), buffers.output, buffers.scratch, Value<float>(1)});
    }
    return forward_.Run({buffers.input, Value<float>(0), buffers.output, buffers.scratch});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    return Gemm(rows_, inputs_, outputs_, 1.0f, {Floats(buffers.grad_output), outputs_}, {Value<float>(0), inputs_},
                0.0f, Floats(buffers.grad_input), inputs_);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (bias_) AddRowSums(rows_, outputs_, Floats(buffers.grad_output), Gradient<float>(1));
    return Gemm(outputs_, inputs_, rows_, 1.0f, {Floats(buffers.grad_output), outputs_, /*transposed=*/true},
                {Floats(buffers.input), inputs_}, 1.0f, Gradient<float>(0), inputs_);
  }

 private:
  const int threads_;
  const int64_t rows_;
  const int64_t inputs_;
  const int64_t outputs_;
  const bool bias_;
  const bool adds_bias_;
  OneDnnPrimitive forward_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostLinear(const LinearSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(info.input_shape));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("linear", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    const int64_t rows = NumRows(input);
    const auto f32 = memory::data_type::f32;
    const memory::desc source({rows, spec.inputs}, f32, memory::format_tag::ab);
    const memory::desc weight({spec.inputs, spec.outputs}, f32, memory::format_tag::ba);
    const memory::desc bias({1, spec.outputs}, f32, memory::format_tag::ab);
    const memory::desc destination({rows, spec.outputs}, f32, memory::format_tag::ab);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const bool adds_bias = spec.bias && spec.adds_bias;
    const auto description = adds_bias ? dnnl::matmul::desc(source, weight, bias, destination)
                                       : dnnl::matmul::desc(source, weight, destination);
    const dnnl::matmul::primitive_desc primitive(description, attributes, OneDnnEngine());
    std::vector<OneDnnPrimitive::Argument> arguments = {{DNNL_ARG_SRC, source},
                                                        {DNNL_ARG_WEIGHTS, weight},
                                                        {DNNL_ARG_DST, destination},
                                                        {DNNL_ARG_SCRATCHPAD, primitive.scratchpad_desc()}};
    if (adds_bias) arguments.push_back({DNNL_ARG_BIAS, bias});
    Footprint footprint;
    footprint.scratch = AlignUp(static_cast<Bytes>(primitive.scratchpad_desc().get_size()));
    return std::make_unique<HostLinear>(threads, std::move(info), footprint, spec,
                                        OneDnnPrimitive(dnnl::matmul(primitive), arguments));
  });
}

}  // namespace baton
