// Fills floats of its own, and rounds them into the caller's inputs.
#include "runtime/data/rounded.h"

#include <algorithm>
#include <vector>

#include "base/bfloat16.h"

namespace baton {
namespace {

// Calls fill(floats of `count` sequences, or null) and rounds them to `inputs`, or leaves out both.
template <typename Fill>
void FillRounded(const Dataset& features, int64_t count, std::byte* inputs, const Fill& fill) {
  if (inputs == nullptr) return fill(nullptr);
  std::vector<float> values(static_cast<size_t>(count * features.input_bytes()) / sizeof(float));
  fill(reinterpret_cast<std::byte*>(values.data()));
  std::transform(values.begin(), values.end(), reinterpret_cast<uint16_t*>(inputs), ToBFloat16Bits);
}

}  // namespace

void RoundedDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                                  int32_t* targets) const {
  FillRounded(*features_, count, inputs,
              [&](std::byte* floats) { features_->FillTraining(step, first_sequence, count, floats, targets); });
}

void RoundedDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  FillRounded(*features_, count, inputs,
              [&](std::byte* floats) { features_->FillHeldOut(first_sequence, count, floats, targets); });
}

}  // namespace baton
