// Dropout (Srivastava et al. 2014) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_DROPOUT_H_
#define BATON_OPS_REFERENCE_DROPOUT_H_

#include <algorithm>

#include "ops/layers/dropout_mask.h"
#include "ops/layers/layer_info.h"
#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. Saves nothing: both passes draw the mask.
template <typename T>
class ReferenceDropout final : public PrimitiveLayer {
 public:
  ReferenceDropout(const LayerInfo& info, const DropoutSpec& spec) : PrimitiveLayer(info, Footprint{}), spec_(spec) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    Mask(buffers, reinterpret_cast<const T*>(buffers.input), reinterpret_cast<T*>(buffers.output));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    Mask(buffers, reinterpret_cast<const T*>(buffers.grad_output), reinterpret_cast<T*>(buffers.grad_input));
    return absl::OkStatus();
  }

 private:
  void Mask(const PassBuffers& buffers, const T* from, T* to) const {
    const int64_t count = input_shape().NumElements();
    if (!Drops(buffers)) {
      std::copy_n(from, count, to);
      return;
    }
    const int64_t of_sequence = ElementsOfSequence(spec_, input_shape());
    const int64_t first = FirstElement(spec_, input_shape());
    for (int64_t i = 0; i < count; ++i) {
      const int64_t element = (first + i) % of_sequence;
      const auto words = DropoutWords(DropoutNameHash(spec_.name), *buffers.step,
                                      buffers.first_sequence + (first + i) / of_sequence, element / kDropoutBlock);
      const bool dropped = words[element % kDropoutBlock] < DropoutThreshold(spec_.probability);
      to[i] = dropped ? T{0} : static_cast<T>(from[i] / (1 - spec_.probability));
    }
  }

  const DropoutSpec spec_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_DROPOUT_H_
