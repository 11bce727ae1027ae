// Features in bf16: the same examples, rounded.
#include "runtime/data/rounded.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "base/bfloat16.h"

namespace baton {
namespace {

// Two features an example; sequence n of step s has the features s + n / 3 and −n / 3, and the target n.
class Thirds final : public Dataset {
 public:
  Bytes input_bytes() const override { return 2 * sizeof(float); }
  int64_t num_targets() const override { return 1; }
  int64_t num_training() const override { return 10; }
  int64_t num_held_out() const override { return 4; }
  std::string ContentsHash() const override { return "thirds"; }
  void FillTraining(int64_t step, int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    for (int64_t i = 0; i < count; ++i) {
      const float features[] = {Feature(step, first + i), -Feature(0, first + i)};
      if (inputs != nullptr) std::memcpy(inputs + i * input_bytes(), features, sizeof(features));
      if (targets != nullptr) targets[i] = static_cast<int32_t>(first + i);
    }
  }
  void FillHeldOut(int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    FillTraining(100, first, count, inputs, targets);
  }
  static float Feature(int64_t step, int64_t n) { return static_cast<float>(step) + static_cast<float>(n) / 3; }
};

}  // namespace

TEST_CASE("inputs are rounded, and all else is that of the features") {
  const RoundedDataset rounded(std::make_unique<Thirds>());
  CHECK(rounded.input_bytes() == 4);
  CHECK(rounded.num_targets() == 1);
  CHECK(rounded.num_training() == 10);
  CHECK(rounded.num_held_out() == 4);
  CHECK(rounded.ContentsHash() == "thirds");
  std::vector<uint16_t> inputs(7, 0xbeef);
  std::vector<int32_t> targets(3);
  auto* const bytes = reinterpret_cast<std::byte*>(inputs.data());
  rounded.FillTraining(2, 4, 3, bytes, targets.data());
  for (int n = 4; n < 7; ++n) {
    CHECK(inputs[2 * (n - 4)] == ToBFloat16Bits(Thirds::Feature(2, n)));
    CHECK(inputs[2 * (n - 4) + 1] == ToBFloat16Bits(-Thirds::Feature(0, n)));
  }
  CHECK(inputs[6] == 0xbeef);
  CHECK(targets == std::vector<int32_t>{4, 5, 6});
  rounded.FillHeldOut(1, 1, bytes, nullptr);
  CHECK(inputs[0] == ToBFloat16Bits(Thirds::Feature(100, 1)));
  rounded.FillHeldOut(3, 1, nullptr, targets.data());
  CHECK(targets[0] == 3);
}

}  // namespace baton
