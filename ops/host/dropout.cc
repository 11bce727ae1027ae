// Dropout by loops that draw four elements at once.
#include "ops/host/dropout.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/support.h"
#include "ops/layers/dropout_mask.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class HostDropout final : public PrimitiveLayer {
 public:
  HostDropout(LayerInfo info, const DropoutSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        name_hash_(DropoutNameHash(spec.name)),
        threshold_(DropoutThreshold(spec.probability)),
        scale_(static_cast<float>(1 / (1 - spec.probability))) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    Mask(buffers, Floats(buffers.input), Floats(buffers.output));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input != nullptr) Mask(buffers, Floats(buffers.grad_output), Floats(buffers.grad_input));
    return absl::OkStatus();
  }

 private:
  void Mask(const PassBuffers& buffers, const float* from, float* to) const {
    const int64_t count = input_shape().NumElements();
    if (!Drops(buffers) || threshold_ == 0) {
      std::copy_n(from, count, to);
      return;
    }
    const int64_t sequences = input_shape()[0];
    const int64_t length = count / sequences;
    for (int64_t sequence = 0; sequence < sequences; ++sequence, from += length, to += length) {
      for (int64_t begin = 0; begin < length; begin += kDropoutBlock) {
        const auto words =
            DropoutWords(name_hash_, *buffers.step, buffers.first_sequence + sequence, begin / kDropoutBlock);
        const int64_t size = std::min<int64_t>(kDropoutBlock, length - begin);
        for (int64_t i = 0; i < size; ++i) to[begin + i] = words[i] < threshold_ ? 0.0f : from[begin + i] * scale_;
      }
    }
  }

  const uint64_t name_hash_;
  const uint64_t threshold_;
  const float scale_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostDropout(const DropoutSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, DropoutInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostDropout>(std::move(info), spec);
}

}  // namespace baton
