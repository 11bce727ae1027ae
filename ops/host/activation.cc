// Activations by oneDNN's eltwise primitives.
#include "ops/host/activation.h"

#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

dnnl::algorithm ToAlgorithm(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kRelu:
      return dnnl::algorithm::eltwise_relu;
    case ActivationKind::kGelu:
      return dnnl::algorithm::eltwise_gelu_erf;
    case ActivationKind::kGeluTanh:
      return dnnl::algorithm::eltwise_gelu_tanh;
    case ActivationKind::kSilu:
      return dnnl::algorithm::eltwise_swish;
  }
  return dnnl::algorithm::undef;
}

class HostActivation final : public PrimitiveLayer {
 public:
  HostActivation(int threads, LayerInfo info, OneDnnPrimitive forward, OneDnnPrimitive backward)
      : PrimitiveLayer(std::move(info), Footprint{}),
        threads_(threads),
        forward_(std::move(forward)),
        backward_(std::move(backward)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    return forward_.Run({buffers.input, buffers.output});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    return backward_.Run({buffers.input, buffers.grad_output, buffers.grad_input});
  }

 private:
  const int threads_;
  OneDnnPrimitive forward_;
  OneDnnPrimitive backward_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostActivation(const ActivationSpec& spec, const Shape& input,
                                                            int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ActivationInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("activation", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    using dnnl::memory;
    const auto algorithm = ToAlgorithm(spec.kind);
    const float alpha = spec.kind == ActivationKind::kSilu ? 1.0f : 0.0f;  // swish: x · sigmoid(alpha x)
    const memory::desc data({input.NumElements()}, memory::data_type::f32, memory::format_tag::a);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::eltwise_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, data, alpha, 0.0f}, attributes, OneDnnEngine());
    const dnnl::eltwise_backward::primitive_desc backward({algorithm, data, data, alpha, 0.0f}, attributes,
                                                          OneDnnEngine(), forward);
    if (forward.scratchpad_desc().get_size() != 0 || backward.scratchpad_desc().get_size() != 0) {
      return absl::InternalError("activation: oneDNN's eltwise needs a scratchpad, but none was planned");
    }
    return std::make_unique<HostActivation>(
        threads, std::move(info),
        OneDnnPrimitive(dnnl::eltwise_forward(forward), {{DNNL_ARG_SRC, data}, {DNNL_ARG_DST, data}}),
        OneDnnPrimitive(dnnl::eltwise_backward(backward),
                        {{DNNL_ARG_SRC, data}, {DNNL_ARG_DIFF_DST, data}, {DNNL_ARG_DIFF_SRC, data}}));
  });
}

}  // namespace baton
