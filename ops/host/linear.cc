// Linear by oneDNN.
#include "ops/host/linear.h"

#include <utility>

#include "base/status.h"
#include "ops/host/linear_products.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class HostLinear final : public PrimitiveLayer {
 public:
  HostLinear(int threads, LayerInfo info, const Footprint& footprint, const LinearSpec& spec,
             HostLinearProducts products)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        outputs_(spec.outputs),
        bias_(spec.bias),
        adds_bias_(spec.bias && spec.adds_bias),
        products_(std::move(products)) {}

  bool adds_to_output() const override { return true; }

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    return products_.Forward(buffers.input, Value<float>(0), adds_bias_ ? Value<float>(1) : nullptr,
                             Floats(buffers.addend), Floats(buffers.output), buffers.scratch);
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const ThreadScope scope(threads_);
    return products_.BackwardInput(buffers.grad_output, Value<float>(0), Floats(buffers.grad_input), buffers.scratch);
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    if (bias_) {
      AddRowSums(threads_, NumRows(input_shape()), outputs_, Floats(buffers.grad_output), Gradient<float>(1));
    }
    return products_.BackwardWeight(buffers.grad_output, buffers.input, Gradient<float>(0), buffers.scratch);
  }

 private:
  const int threads_;
  const int64_t outputs_;
  const bool bias_;
  const bool adds_bias_;
  HostLinearProducts products_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostLinear(const LinearSpec& spec, const Shape& input,
                                                        const HostOptions& options) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(info.input_shape));
  BATON_ASSIGN_OR_RETURN(HostLinearProducts products, HostLinearProducts::Create(options, spec, NumRows(input)));
  Footprint footprint;
  footprint.scratch = products.scratch_bytes();
  return std::make_unique<HostLinear>(options.threads, std::move(info), footprint, spec, std::move(products));
}

}  // namespace baton
