// Rotary positions (Su et al. 2021) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_ROTARY_H_
#define BATON_OPS_REFERENCE_ROTARY_H_

#include <algorithm>
#include <utility>

#include "ops/layers/primitive_layer.h"
#include "ops/layers/rotary_table.h"

namespace baton {

// T: float or double. Saves nothing: the gradient turns back by the same angles.
template <typename T>
class ReferenceRotary final : public PrimitiveLayer {
 public:
  ReferenceRotary(LayerInfo info, const RotarySpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}), spec_(spec), table_(MakeRotaryTable(spec, input_shape()[1])) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    Turn(reinterpret_cast<const T*>(buffers.input), 1, reinterpret_cast<T*>(buffers.output));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    Turn(reinterpret_cast<const T*>(buffers.grad_output), -1, reinterpret_cast<T*>(buffers.grad_input));
    return absl::OkStatus();
  }

 private:
  void Turn(const T* from, double sign, T* to) const {
    const int64_t pairs = spec_.width / 2;
    std::copy_n(from, input_shape().NumElements(), to);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      const int64_t angle = row % input_shape()[1] * pairs;
      for (int64_t head = 0; head < spec_.heads; ++head) {
        const int64_t begin = row * input_shape()[2] + head * spec_.width;
        for (int64_t i = 0; i < pairs; ++i) {
          const double a = from[begin + i];
          const double b = from[begin + pairs + i];
          const double cosine = table_.cosines[angle + i];
          const double sine = sign * table_.sines[angle + i];
          to[begin + i] = static_cast<T>(a * cosine - b * sine);
          to[begin + pairs + i] = static_cast<T>(b * cosine + a * sine);
        }
      }
    }
  }

  const RotarySpec spec_;
  const RotaryTable table_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ROTARY_H_
