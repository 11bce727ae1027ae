// Layer normalisation by oneDNN.
#include "ops/host/layer_norm.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

// Offsets of the parts of each region.
struct LayerNormMemory {
  Bytes variance_offset = 0;    // in `saved`, after the means: [rows] f32 each
  Bytes bias_offset = 0;        // in `stash`, after the weight's gradient: [width] f32 each
  Bytes grad_input_offset = 0;  // in `scratch`, after oneDNN's: the input's gradient if the caller does not want it
};

// oneDNN computes all three gradients in one pass, so BackwardInput computes those of the parameters and stashes them.
class HostLayerNorm final : public PrimitiveLayer {
 public:
  HostLayerNorm(int threads, LayerInfo info, const Footprint& footprint, const LayerNormMemory& memory, int64_t width,
                OneDnnPrimitive forward, OneDnnPrimitive backward)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        memory_(memory),
        width_(width),
        forward_(std::move(forward)),
        backward_(std::move(backward)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    return forward_.Run({buffers.input, buffers.saved, buffers.saved + memory_.variance_offset, Value<float>(0),
                         Value<float>(1), buffers.output, buffers.scratch});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    std::byte* grad_input =
        buffers.grad_input != nullptr ? buffers.grad_input : buffers.scratch + memory_.grad_input_offset;
    return backward_.Run({buffers.input, buffers.saved, buffers.saved + memory_.variance_offset, Value<float>(0),
                          Value<float>(1), buffers.grad_output, grad_input, buffers.stash,
                          buffers.stash + memory_.bias_offset, buffers.scratch});
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    AddTo(width_, Floats(buffers.stash), Gradient<float>(0));
    AddTo(width_, Floats(buffers.stash + memory_.bias_offset), Gradient<float>(1));
    return absl::OkStatus();
  }

 private:
  const int threads_;
  const LayerNormMemory memory_;
  const int64_t width_;
  OneDnnPrimitive forward_;
  OneDnnPrimitive backward_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostLayerNorm(const LayerNormSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LayerNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("layer norm", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    using dnnl::memory;
    const int64_t rows = NumRows(input);
    const memory::desc data({rows, spec.width}, memory::data_type::f32, memory::format_tag::ab);
    const memory::desc per_row({rows}, memory::data_type::f32, memory::format_tag::a);
    const memory::desc per_column({spec.width}, memory::data_type::f32, memory::format_tag::a);
    const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    const auto epsilon = static_cast<float>(spec.epsilon);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::layer_normalization_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, data, per_row, epsilon, flags}, attributes, OneDnnEngine());
    const dnnl::layer_normalization_backward::primitive_desc backward(
        {dnnl::prop_kind::backward, data, data, per_row, epsilon, flags}, attributes, OneDnnEngine(), forward);

    const Bytes row_bytes = AlignUp(rows * SizeOf(DataType::kFloat32));
    const Bytes column_bytes = AlignUp(spec.width * SizeOf(DataType::kFloat32));
    const auto scratchpad =
        static_cast<Bytes>(std::max(forward.scratchpad_desc().get_size(), backward.scratchpad_desc().get_size()));
    const LayerNormMemory offsets = {row_bytes, column_bytes, AlignUp(scratchpad)};
    Footprint footprint;
    footprint.saved = 2 * row_bytes;
    footprint.stash = 2 * column_bytes;
    footprint.scratch = offsets.grad_input_offset + AlignUp(input.NumBytes());
    return std::make_unique<HostLayerNorm>(
        threads, std::move(info), footprint, offsets, spec.width,
        OneDnnPrimitive(dnnl::layer_normalization_forward(forward), {{DNNL_ARG_SRC, data},
                                                                     {DNNL_ARG_MEAN, per_row},
                                                                     {DNNL_ARG_VARIANCE, per_row},
                                                                     {DNNL_ARG_SCALE, per_column},
                                                                     {DNNL_ARG_SHIFT, per_column},
                                                                     {DNNL_ARG_DST, data},
                                                                     {DNNL_ARG_SCRATCHPAD, forward.scratchpad_desc()}}),
        OneDnnPrimitive(dnnl::layer_normalization_backward(backward),
                        {{DNNL_ARG_SRC, data},
                         {DNNL_ARG_MEAN, per_row},
                         {DNNL_ARG_VARIANCE, per_row},
                         {DNNL_ARG_SCALE, per_column},
                         {DNNL_ARG_SHIFT, per_column},  // required but not read
                         {DNNL_ARG_DIFF_DST, data},
                         {DNNL_ARG_DIFF_SRC, data},
                         {DNNL_ARG_DIFF_SCALE, per_column},
                         {DNNL_ARG_DIFF_SHIFT, per_column},
                         {DNNL_ARG_SCRATCHPAD, backward.scratchpad_desc()}}));
  });
}

}  // namespace baton
