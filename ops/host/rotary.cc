// Rotary positions by vectorised loops over the pairs of a head.
#include "ops/host/rotary.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/parallel.h"
#include "ops/host/simd.h"
#include "ops/host/support.h"
#include "ops/layers/primitive_layer.h"
#include "ops/layers/rotary_table.h"

namespace baton {
namespace {

// Turns the pairs of `heads` heads of one row by the row's angles. sign: 1 forward, −1 back.
BATON_SIMD_CLONES
void TurnRow(int64_t heads, int64_t pairs, float sign, const float* __restrict cosines, const float* __restrict sines,
             const float* __restrict from, float* __restrict to) {
  for (int64_t head = 0; head < heads; ++head, from += 2 * pairs, to += 2 * pairs) {
#pragma omp simd
    for (int64_t i = 0; i < pairs; ++i) {
      const float a = from[i];
      const float b = from[pairs + i];
      const float sine = sign * sines[i];
      to[i] = a * cosines[i] - b * sine;
      to[pairs + i] = b * cosines[i] + a * sine;
    }
  }
}

class HostRotary final : public PrimitiveLayer {
 public:
  HostRotary(int threads, LayerInfo info, const RotarySpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        threads_(threads),
        spec_(spec),
        table_(MakeRotaryTable(spec, input_shape()[1])) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    Turn(Floats(buffers.input), 1.0f, Floats(buffers.output));
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    Turn(Floats(buffers.grad_output), -1.0f, Floats(buffers.grad_input));
    return absl::OkStatus();
  }

 private:
  void Turn(const float* from, float sign, float* to) const {
    const int64_t rows = NumRows(input_shape());
    const int64_t row_width = input_shape()[2];
    const int64_t turned = spec_.heads * spec_.width;
    const int64_t pairs = spec_.width / 2;
    ParallelFor(
        threads_, rows, LeastPart(2 * row_width * SizeOf(DataType::kFloat32)), [&](int64_t begin, int64_t end, int) {
          for (int64_t row = begin; row < end; ++row) {
            const int64_t angles = row % input_shape()[1] * pairs;
            const float* const x = from + row * row_width;
            float* const y = to + row * row_width;
            TurnRow(spec_.heads, pairs, sign, table_.cosines.data() + angles, table_.sines.data() + angles, x, y);
            std::copy_n(x + turned, row_width - turned, y + turned);
          }
        });
  }

  const int threads_;
  const RotarySpec spec_;
  const RotaryTable table_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostRotary(const RotarySpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, RotaryInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostRotary>(threads, std::move(info), spec);
}

}  // namespace baton
