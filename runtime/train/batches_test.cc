// Micro-batches of training and of held-out data.
#include "runtime/train/batches.h"

#include <catch2/catch.hpp>
#include <vector>

#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// Sequence i of step s has the input and the target 100 s + i; held-out sequence i has −1 − i.
class NumberedDataset final : public Dataset {
 public:
  Bytes input_bytes() const override { return sizeof(int32_t); }
  int64_t num_targets() const override { return 1; }
  int64_t num_training() const override { return 1000; }
  int64_t num_held_out() const override { return 3; }
  void FillTraining(int64_t step, int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    for (int64_t i = 0; i < count; ++i) Write(100 * step + first + i, i, inputs, targets);
  }
  void FillHeldOut(int64_t first, int64_t count, std::byte* inputs, int32_t* targets) const override {
    for (int64_t i = 0; i < count; ++i) Write(-1 - first - i, i, inputs, targets);
  }

 private:
  static void Write(int64_t value, int64_t index, std::byte* inputs, int32_t* targets) {
    if (inputs != nullptr) reinterpret_cast<int32_t*>(inputs)[index] = static_cast<int32_t>(value);
    if (targets != nullptr) targets[index] = static_cast<int32_t>(value);
  }
};

TEST_CASE("micro-batches are consecutive sequences, and behind the end of held-out data targets are ignored") {
  const NumberedDataset dataset;
  Batches batches(&dataset, /*sequences_per_micro_batch=*/2);
  const DataKind kind = GENERATE(DataKind::kInputs, DataKind::kTargets);
  const auto fill = [&](int micro_batch) {
    std::vector<int32_t> values(3, 77);
    CHECK(batches.BytesOf(kind) == 2 * sizeof(int32_t));
    batches.Fill(kind, micro_batch, reinterpret_cast<std::byte*>(values.data()));
    CHECK(values[2] == 77);
    values.pop_back();
    return values;
  };
  batches.SetTraining(3);
  CHECK(fill(0) == std::vector<int32_t>{300, 301});
  CHECK(fill(2) == std::vector<int32_t>{304, 305});
  const bool inputs = kind == DataKind::kInputs;
  const int32_t ignored = kIgnoredTarget;
  batches.SetHeldOut(0, 3);
  CHECK(fill(0) == std::vector<int32_t>{-1, -2});
  CHECK(fill(1) == (inputs ? std::vector<int32_t>{-3, -3} : std::vector<int32_t>{-3, ignored}));
  CHECK(fill(2) == (inputs ? std::vector<int32_t>{-3, -3} : std::vector<int32_t>{ignored, ignored}));
  batches.SetHeldOut(1, 2);
  CHECK(fill(0) == (inputs ? std::vector<int32_t>{-2, -2} : std::vector<int32_t>{-2, ignored}));
  batches.SetTraining(4);
  CHECK(fill(1) == std::vector<int32_t>{402, 403});
}

}  // namespace
}  // namespace baton
