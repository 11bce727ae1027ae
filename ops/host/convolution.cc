// Convolutions by oneDNN on plain images. Its weight gradients replace what is there, so they go to scratch first.
#include "ops/host/convolution.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

using dnnl::memory;

// Offsets in `scratch`, behind oneDNN's own.
struct ConvolutionMemory {
  Bytes grad_weight_offset = 0;
  Bytes grad_bias_offset = 0;
};

struct ConvolutionPrimitives {
  OneDnnPrimitive forward;
  OneDnnPrimitive backward_input;
  OneDnnPrimitive backward_weight;
};

class HostConvolution final : public PrimitiveLayer {
 public:
  HostConvolution(int threads, LayerInfo info, const Footprint& footprint, const ConvolutionMemory& memory, bool bias,
                  ConvolutionPrimitives primitives)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        memory_(memory),
        weight_elements_(parameters()[0].shape.NumElements()),
        bias_(bias),
        primitives_(std::move(primitives)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (bias_) {
      return primitives_.forward.Run(
          {buffers.input, Value<float>(0), buffers.output, buffers.scratch, Value<float>(1)});
    }
    return primitives_.forward.Run({buffers.input, Value<float>(0), buffers.output, buffers.scratch});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    return primitives_.backward_input.Run({buffers.grad_input, Value<float>(0), buffers.grad_output, buffers.scratch});
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    std::byte* const weight = buffers.scratch + memory_.grad_weight_offset;
    std::byte* const bias = buffers.scratch + memory_.grad_bias_offset;
    BATON_RETURN_IF_ERROR(
        bias_ ? primitives_.backward_weight.Run({buffers.input, weight, buffers.grad_output, buffers.scratch, bias})
              : primitives_.backward_weight.Run({buffers.input, weight, buffers.grad_output, buffers.scratch}));
    AddTo(weight_elements_, Floats(weight), Gradient<float>(0));
    if (bias_) AddTo(output_shape()[1], Floats(bias), Gradient<float>(1));
    return absl::OkStatus();
  }

 private:
  const int threads_;
  const ConvolutionMemory memory_;
  const int64_t weight_elements_;
  const bool bias_;
  ConvolutionPrimitives primitives_;
};

memory::desc Image(const Shape& shape) {
  return memory::desc({shape[0], shape[1], shape[2], shape[3]}, memory::data_type::f32, memory::format_tag::nchw);
}

Bytes ScratchpadBytes(const dnnl::primitive_desc& primitive) {
  return AlignUp(static_cast<Bytes>(primitive.scratchpad_desc().get_size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostConvolution(const ConvolutionSpec& spec, const Shape& input,
                                                             int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ConvolutionInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("convolution", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    const memory::desc source = Image(input), destination = Image(info.output_shape);
    const memory::desc weight({spec.outputs, spec.inputs, spec.kernel, spec.kernel}, memory::data_type::f32,
                              memory::format_tag::oihw);
    const memory::desc bias =
        spec.bias ? memory::desc({spec.outputs}, memory::data_type::f32, memory::format_tag::a) : memory::desc();
    const memory::dims strides = {spec.stride, spec.stride}, padding = {spec.padding, spec.padding};
    const auto algorithm = dnnl::algorithm::convolution_direct;
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, source, weight, bias, destination, strides, padding, padding},
        attributes, OneDnnEngine());
    const dnnl::convolution_backward_data::primitive_desc backward_input(
        {algorithm, source, weight, destination, strides, padding, padding}, attributes, OneDnnEngine(), forward);
    const dnnl::convolution_backward_weights::primitive_desc backward_weight(
        {algorithm, source, weight, bias, destination, strides, padding, padding}, attributes, OneDnnEngine(), forward);
    std::vector<OneDnnPrimitive::Argument> forward_arguments = {{DNNL_ARG_SRC, source},
                                                                {DNNL_ARG_WEIGHTS, weight},
                                                                {DNNL_ARG_DST, destination},
                                                                {DNNL_ARG_SCRATCHPAD, forward.scratchpad_desc()}};
    std::vector<OneDnnPrimitive::Argument> weight_arguments = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_DIFF_WEIGHTS, weight},
        {DNNL_ARG_DIFF_DST, destination},
        {DNNL_ARG_SCRATCHPAD, backward_weight.scratchpad_desc()}};
    if (spec.bias) {
      forward_arguments.push_back({DNNL_ARG_BIAS, bias});
      weight_arguments.push_back({DNNL_ARG_DIFF_BIAS, bias});
    }
    ConvolutionMemory offsets;
    offsets.grad_weight_offset = ScratchpadBytes(backward_weight);
    offsets.grad_bias_offset = offsets.grad_weight_offset + AlignUp(info.parameters[0].shape.NumBytes());
    Footprint footprint;
    footprint.scratch = std::max({ScratchpadBytes(forward), ScratchpadBytes(backward_input),
                                  offsets.grad_bias_offset + AlignUp(spec.outputs * SizeOf(DataType::kFloat32))});
    ConvolutionPrimitives primitives = {
        OneDnnPrimitive(dnnl::convolution_forward(forward), forward_arguments),
        OneDnnPrimitive(dnnl::convolution_backward_data(backward_input),
                        {{DNNL_ARG_DIFF_SRC, source},
                         {DNNL_ARG_WEIGHTS, weight},
                         {DNNL_ARG_DIFF_DST, destination},
                         {DNNL_ARG_SCRATCHPAD, backward_input.scratchpad_desc()}}),
        OneDnnPrimitive(dnnl::convolution_backward_weights(backward_weight), weight_arguments)};
    return std::make_unique<HostConvolution>(threads, std::move(info), footprint, offsets, spec.bias,
                                             std::move(primitives));
  });
}

}  // namespace baton
