// A convolution as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_CONVOLUTION_H_
#define BATON_OPS_REFERENCE_CONVOLUTION_H_

#include <algorithm>
#include <vector>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. Sums in double.
template <typename T>
class ReferenceConvolution final : public PrimitiveLayer {
 public:
  ReferenceConvolution(const LayerInfo& info, const ConvolutionSpec& spec)
      : PrimitiveLayer(info, Footprint{}), spec_(spec) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    std::vector<double> sums(output_shape().NumElements());
    if (spec_.bias) ForEachOutput([&](int64_t output, int64_t o) { sums[output] = Value<T>(1)[o]; });
    ForEachProduct([&](int64_t in, int64_t weight, int64_t out) {
      sums[out] += static_cast<double>(x[in]) * Value<T>(0)[weight];
    });
    std::copy(sums.begin(), sums.end(), y);
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    std::vector<double> sums(input_shape().NumElements());
    ForEachProduct([&](int64_t in, int64_t weight, int64_t out) {
      sums[in] += static_cast<double>(dy[out]) * Value<T>(0)[weight];
    });
    std::copy(sums.begin(), sums.end(), reinterpret_cast<T*>(buffers.grad_input));
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    std::vector<double> weights(spec_.outputs * spec_.inputs * spec_.kernel * spec_.kernel), biases(spec_.outputs);
    ForEachProduct(
        [&](int64_t in, int64_t weight, int64_t out) { weights[weight] += static_cast<double>(x[in]) * dy[out]; });
    for (size_t i = 0; i < weights.size(); ++i) Gradient<T>(0)[i] += static_cast<T>(weights[i]);
    if (!spec_.bias) return absl::OkStatus();
    ForEachOutput([&](int64_t output, int64_t o) { biases[o] += dy[output]; });
    for (size_t i = 0; i < biases.size(); ++i) Gradient<T>(1)[i] += static_cast<T>(biases[i]);
    return absl::OkStatus();
  }

 private:
  // Calls function(element of the output, its channel).
  template <typename Function>
  void ForEachOutput(Function function) const {
    const int64_t pixels = output_shape()[2] * output_shape()[3];
    for (int64_t i = 0; i < output_shape().NumElements(); ++i) function(i, i / pixels % spec_.outputs);
  }

  // Calls function(element of the input, of the weight, of the output) for each product of a convolution.
  template <typename Function>
  void ForEachProduct(Function function) const {
    const Shape &in = input_shape(), &out = output_shape();
    for (int64_t output = 0; output < out.NumElements(); ++output) {
      const int64_t column = output % out[3], row = output / out[3] % out[2];
      const int64_t o = output / (out[3] * out[2]) % out[1], example = output / (out[3] * out[2] * out[1]);
      for (int64_t weight = 0; weight < spec_.inputs * spec_.kernel * spec_.kernel; ++weight) {
        const int64_t c = weight / (spec_.kernel * spec_.kernel);
        const int64_t y = row * spec_.stride - spec_.padding + weight / spec_.kernel % spec_.kernel;
        const int64_t x = column * spec_.stride - spec_.padding + weight % spec_.kernel;
        if (y < 0 || y >= in[2] || x < 0 || x >= in[3]) continue;
        function(((example * in[1] + c) * in[2] + y) * in[3] + x,
                 o * spec_.inputs * spec_.kernel * spec_.kernel + weight, output);
      }
    }
  }

  const ConvolutionSpec spec_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_CONVOLUTION_H_
