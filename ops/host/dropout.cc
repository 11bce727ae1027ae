// Dropout by loops that draw four elements at once.
#include "ops/host/dropout.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/parallel.h"
#include "ops/host/support.h"
#include "ops/layers/dropout_mask.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class HostDropout final : public PrimitiveLayer {
 public:
  HostDropout(LayerInfo info, const DropoutSpec& spec, int threads)
      : PrimitiveLayer(std::move(info), Footprint{}),
        threads_(threads),
        name_hash_(DropoutNameHash(spec.name)),
        threshold_(DropoutThreshold(spec.probability)),
        scale_(static_cast<float>(1 / (1 - spec.probability))),
        of_sequence_(ElementsOfSequence(spec, input_shape())),
        first_element_(FirstElement(spec, input_shape())) {}

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
    constexpr int64_t kStep = 1024;  // elements
    const int64_t count = input_shape().NumElements();
    ParallelFor(threads_, (count + kStep - 1) / kStep, LeastPart(2 * kStep * SizeOf(DataType::kFloat32)),
                [&](int64_t begin, int64_t end, int) {
                  MaskRange(buffers, begin * kStep, std::min(end * kStep, count), from, to);
                });
  }

  // Elements [first, last) of the input.
  void MaskRange(const PassBuffers& buffers, int64_t first, int64_t last, const float* from, float* to) const {
    if (!Drops(buffers) || threshold_ == 0) {
      std::copy(from + first, from + last, to + first);
      return;
    }
    // A part, as a slice of rows, may begin and end within a sequence.
    for (int64_t done = first; done < last;) {
      const int64_t element = first_element_ + done;
      const int64_t begin = element % of_sequence_;
      const int64_t end = std::min(of_sequence_, begin + last - done);
      MaskPart(*buffers.step, buffers.first_sequence + element / of_sequence_, begin, end, from + done, to + done);
      done += end - begin;
    }
  }

  // Elements [begin, end) of a sequence; from and to: of element `begin`.
  void MaskPart(const StepContext& step, int64_t sequence, int64_t begin, int64_t end, const float* from,
                float* to) const {
    for (int64_t block = begin / kDropoutBlock; block * kDropoutBlock < end; ++block) {
      const auto words = DropoutWords(name_hash_, step, sequence, block);
      const int64_t last = std::min(end, (block + 1) * kDropoutBlock);
      for (int64_t i = std::max(begin, block * kDropoutBlock); i < last; ++i) {
        to[i - begin] = words[i % kDropoutBlock] < threshold_ ? 0.0f : from[i - begin] * scale_;
      }
    }
  }

  const int threads_;
  const uint64_t name_hash_;
  const uint64_t threshold_;
  const float scale_;
  const int64_t of_sequence_;    // the elements of a whole sequence
  const int64_t first_element_;  // of the input, in the micro-batch
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostDropout(const DropoutSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, DropoutInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostDropout>(std::move(info), spec, threads);
}

}  // namespace baton
