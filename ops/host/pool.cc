// Pooling by oneDNN; global averages by loops.
#include "ops/host/pool.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

using dnnl::memory;

// saved, of a maximum: oneDNN's workspace, which has the place of each maximum.
class HostPool final : public PrimitiveLayer {
 public:
  HostPool(int threads, LayerInfo info, const Footprint& footprint, bool has_workspace, OneDnnPrimitive forward,
           OneDnnPrimitive backward)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        has_workspace_(has_workspace),
        forward_(std::move(forward)),
        backward_(std::move(backward)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (has_workspace_) return forward_.Run({buffers.input, buffers.output, buffers.scratch, buffers.saved});
    return forward_.Run({buffers.input, buffers.output, buffers.scratch});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    if (has_workspace_) {
      return backward_.Run({buffers.grad_output, buffers.grad_input, buffers.scratch, buffers.saved});
    }
    return backward_.Run({buffers.grad_output, buffers.grad_input, buffers.scratch});
  }

 private:
  const int threads_;
  const bool has_workspace_;
  OneDnnPrimitive forward_;
  OneDnnPrimitive backward_;
};

// Sees the input as [examples, outer, features, inner] and averages over outer and inner, one of which is 1.
class HostGlobalAverage final : public PrimitiveLayer {
 public:
  explicit HostGlobalAverage(LayerInfo info) : PrimitiveLayer(std::move(info), Footprint{}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const float* x = Floats(buffers.input);
    float* const y = Floats(buffers.output);
    for (int64_t example = 0; example < input_shape()[0]; ++example) {
      for (int64_t feature = 0; feature < Features(); ++feature) {
        double sum = 0;
        for (int64_t i = 0; i < Averaged(); ++i) sum += x[At(example, feature, i)];
        y[example * Features() + feature] = static_cast<float>(sum / static_cast<double>(Averaged()));
      }
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const float* dy = Floats(buffers.grad_output);
    float* const dx = Floats(buffers.grad_input);
    for (int64_t example = 0; example < input_shape()[0]; ++example) {
      for (int64_t feature = 0; feature < Features(); ++feature) {
        const float share = dy[example * Features() + feature] / static_cast<float>(Averaged());
        for (int64_t i = 0; i < Averaged(); ++i) dx[At(example, feature, i)] = share;
      }
    }
    return absl::OkStatus();
  }

 private:
  int64_t Features() const { return output_shape()[1]; }
  int64_t Averaged() const { return input_shape().NumElements() / output_shape().NumElements(); }
  int64_t At(int64_t example, int64_t feature, int64_t i) const {
    if (input_shape().rank() == 4) return (example * Features() + feature) * Averaged() + i;
    return (example * Averaged() + i) * Features() + feature;
  }
};

memory::desc Image(const Shape& shape) {
  return memory::desc({shape[0], shape[1], shape[2], shape[3]}, memory::data_type::f32, memory::format_tag::nchw);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostPool(const PoolSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, PoolInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("pooling", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    const bool max = spec.kind == PoolKind::kMax;
    const auto algorithm = max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_include_padding;
    const memory::desc source = Image(input), destination = Image(info.output_shape);
    const memory::dims strides = {spec.stride, spec.stride}, kernel = {spec.kernel, spec.kernel};
    const memory::dims padding = {spec.padding, spec.padding};
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::pooling_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, source, destination, strides, kernel, padding, padding},
        attributes, OneDnnEngine());
    const dnnl::pooling_backward::primitive_desc backward(
        {algorithm, source, destination, strides, kernel, padding, padding}, attributes, OneDnnEngine(), forward);
    std::vector<OneDnnPrimitive::Argument> forward_arguments = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_DST, destination}, {DNNL_ARG_SCRATCHPAD, forward.scratchpad_desc()}};
    std::vector<OneDnnPrimitive::Argument> backward_arguments = {{DNNL_ARG_DIFF_DST, destination},
                                                                 {DNNL_ARG_DIFF_SRC, source},
                                                                 {DNNL_ARG_SCRATCHPAD, backward.scratchpad_desc()}};
    Footprint footprint;
    footprint.scratch = AlignUp(
        static_cast<Bytes>(std::max(forward.scratchpad_desc().get_size(), backward.scratchpad_desc().get_size())));
    if (max) {
      footprint.saved = AlignUp(static_cast<Bytes>(forward.workspace_desc().get_size()));
      forward_arguments.push_back({DNNL_ARG_WORKSPACE, forward.workspace_desc()});
      backward_arguments.push_back({DNNL_ARG_WORKSPACE, forward.workspace_desc()});
    }
    return std::make_unique<HostPool>(threads, std::move(info), footprint, max,
                                      OneDnnPrimitive(dnnl::pooling_forward(forward), forward_arguments),
                                      OneDnnPrimitive(dnnl::pooling_backward(backward), backward_arguments));
  });
}

absl::StatusOr<std::unique_ptr<Layer>> CreateHostGlobalAverage(const GlobalAverageSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, GlobalAverageInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostGlobalAverage>(std::move(info));
}

}  // namespace baton
