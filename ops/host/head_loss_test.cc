// Head and loss as one layer: what it computes beside the two layers, its halves, its threads and its memory.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "ops/host/host_backend.h"
#include "ops/layers/build.h"
#include "ops/layers/token_ids.h"

namespace baton {
namespace {

// More than one block of rows and of classes, the last ones smaller.
constexpr int64_t kRows = 1100;
constexpr int64_t kClasses = 2101;
constexpr int64_t kInputs = 24;

// Memory that begins at a multiple of kBufferAlignment.
class Memory {
 public:
  explicit Memory(Bytes bytes) : floats_(static_cast<size_t>(AlignUp(bytes) / 4 + kBufferAlignment / 4)) {}
  std::byte* data() {
    const auto address = reinterpret_cast<uintptr_t>(floats_.data());
    return reinterpret_cast<std::byte*>(AlignUp(static_cast<Bytes>(address)));
  }
  float* floats() { return reinterpret_cast<float*>(data()); }

 private:
  std::vector<float> floats_;
};

struct Results {
  double loss = 0;
  std::vector<float> grad_input, grad_weight, grad_bias;

  bool operator==(const Results& other) const {
    const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    return loss == other.loss && same(grad_input, other.grad_input) && same(grad_weight, other.grad_weight) &&
           same(grad_bias, other.grad_bias);
  }
};

bool AreNear(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0, distance = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{b[i]}));
    distance = std::max(distance, std::abs(double{a[i]} - double{b[i]}));
  }
  return a.size() == b.size() && largest > 0 && distance < 1e-5 * largest;
}

bool AreNear(const Results& a, const Results& b) {
  return std::abs(a.loss - b.loss) < 1e-6 * b.loss && AreNear(a.grad_input, b.grad_input) &&
         AreNear(a.grad_weight, b.grad_weight) && AreNear(a.grad_bias, b.grad_bias);
}

struct Case {
  bool bias = true;
  double z_loss = 0;
  int threads = 1;
  bool is_whole_backward = false;
  bool frozen = false;
};

LinearSpec Head(bool bias) {
  LinearSpec head;
  head.name = "head";
  head.inputs = kInputs;
  head.outputs = kClasses;
  head.bias = bias;
  return head;
}

std::unique_ptr<Layer> MakeLayer(const Case& of, bool fused) {
  HostOptions options;
  options.threads = of.threads;
  options.head_in_blocks = fused;
  const HostBackend backend(options);
  const CrossEntropySpec loss{kClasses, 2 * kRows, of.z_loss};
  const Shape input(DataType::kFloat32, {kRows, kInputs});
  const std::vector<LayerSpec> specs = {{Head(of.bias)}, {loss}};
  return BuildLayer(backend, {SequenceSpec{specs}}, input).value();
}

Results Run(const Case& of, bool fused) {
  const std::unique_ptr<Layer> layer = MakeLayer(of, fused);
  std::mt19937 random(5);
  std::normal_distribution<float> value;
  Memory weight(kClasses * kInputs * 4), bias(kClasses * 4), input(kRows * kInputs * 4), targets(kRows * 4);
  for (int64_t i = 0; i < kClasses * kInputs; ++i) weight.floats()[i] = value(random);
  for (int64_t i = 0; i < kClasses; ++i) bias.floats()[i] = value(random);
  for (int64_t i = 0; i < kRows * kInputs; ++i) input.floats()[i] = value(random);
  for (int64_t i = 0; i < kRows; ++i) {
    reinterpret_cast<int32_t*>(targets.data())[i] =
        i % 7 == 3 ? kIgnoredTarget : static_cast<int32_t>(random() % kClasses);
  }
  Memory weight_gradient(kClasses * kInputs * 4), bias_gradient(kClasses * 4), grad_input(kRows * kInputs * 4);
  std::vector<std::byte*> values = {weight.data()}, gradients = {weight_gradient.data()};
  if (of.bias) {
    values.push_back(bias.data());
    gradients.push_back(bias_gradient.data());
  }
  layer->BindParameters(values, gradients);
  if (of.frozen) layer->Freeze(std::vector<bool>(values.size(), true));
  const Footprint footprint = layer->footprint();
  Memory saved(footprint.saved), saved_weight(footprint.saved_weight), stash(footprint.stash),
      scratch(footprint.scratch);
  Results results;
  PassBuffers buffers;
  buffers.input = input.data();
  buffers.targets = targets.data();
  buffers.saved = saved.data();
  buffers.saved_weight = saved_weight.data();
  buffers.stash = stash.data();
  buffers.scratch = scratch.data();
  buffers.loss = &results.loss;
  REQUIRE(layer->Forward({}, buffers).ok());
  buffers.targets = nullptr;
  buffers.grad_input = grad_input.data();
  buffers.is_whole_backward = of.is_whole_backward;
  for (int micro_batch = 0; micro_batch < 2; ++micro_batch) {  // gradients add up
    REQUIRE(layer->BackwardInput({}, buffers).ok());
    if (!of.frozen) REQUIRE(layer->BackwardWeight({}, buffers).ok());
  }
  results.grad_input.assign(grad_input.floats(), grad_input.floats() + kRows * kInputs);
  results.grad_weight.assign(weight_gradient.floats(), weight_gradient.floats() + kClasses * kInputs);
  if (of.bias) results.grad_bias.assign(bias_gradient.floats(), bias_gradient.floats() + kClasses);
  if (!of.bias) results.grad_bias = {1};
  return results;
}

TEST_CASE("head and loss as one layer compute what the two do") {
  const bool bias = GENERATE(true, false);
  const double z_loss = GENERATE(0.0, 0.1);
  const int threads = GENERATE(1, 2);
  const Case of = {bias, z_loss, threads};
  CHECK(AreNear(Run(of, /*fused=*/true), Run(of, /*fused=*/false)));
}

TEST_CASE("a whole backward pass of head and loss has the bits of its halves") {
  const int threads = GENERATE(1, 2);
  const Results halves = Run({true, 0.1, threads, /*is_whole_backward=*/false}, true);
  CHECK(Run({true, 0.1, threads, /*is_whole_backward=*/true}, true) == halves);
  CHECK(Run({true, 0.1, threads, /*is_whole_backward=*/true}, true) == halves);
}

TEST_CASE("a frozen head gets no gradients in a whole backward pass") {
  const Results frozen = Run({true, 0, 1, /*is_whole_backward=*/true, /*frozen=*/true}, true);
  CHECK(frozen.grad_weight == std::vector<float>(kClasses * kInputs, 0.0f));
  CHECK(frozen.grad_bias == std::vector<float>(kClasses, 0.0f));
  CHECK(frozen.grad_input == Run({true, 0, 1, true}, true).grad_input);
}

TEST_CASE("head and loss as one layer never have all logits") {
  const auto bytes = [](bool fused) {
    const Footprint footprint = MakeLayer({}, fused)->footprint();
    return footprint.saved + footprint.saved_weight + footprint.stash + footprint.scratch;
  };
  constexpr Bytes kLogits = kRows * kClasses * 4;
  CHECK(bytes(true) < (Bytes{4} << 20) + (Bytes{64} << 10));
  CHECK(bytes(false) > 2 * kLogits);
}

TEST_CASE("each half of a backward pass repeats the product of the logits") {
  const LayerFlops fused = MakeLayer({}, true)->flops(), apart = MakeLayer({}, false)->flops();
  CHECK(fused.repeated == 2.0 * kRows * kInputs * kClasses);
  CHECK(apart.repeated == 0);
  CHECK(fused.backward_weight == apart.backward_weight);
}

TEST_CASE("layers of a model that a split may part stay two") {
  HostOptions options;
  options.head_in_blocks = true;
  const std::vector<LayerSpec> specs = {{Head(true)}, {CrossEntropySpec{kClasses, kRows}}};
  CHECK(BuildLayers(HostBackend(options), specs, Shape(DataType::kFloat32, {kRows, kInputs})).value().size() == 2);
}

TEST_CASE("small heads, parts and bf16 stay two layers") {
  HostOptions in_blocks;
  in_blocks.head_in_blocks = true;
  const auto fuses = [&](int64_t rows, const LinearSpec& head, const CrossEntropySpec& loss,
                         const HostOptions& options) {
    const Shape input(DataType::kFloat32, {rows, kInputs});
    return HostBackend(options).CreateHeadLoss(head, loss, input).value() != nullptr;
  };
  const CrossEntropySpec loss{kClasses, kRows};
  CHECK(fuses(kRows, Head(true), loss, in_blocks));
  CHECK_FALSE(fuses(kRows, Head(true), loss, HostOptions()));
  CHECK_FALSE(fuses(900, Head(true), loss, in_blocks));  // 7.2 MiB
  HostOptions rounds = in_blocks;
  rounds.products = DataType::kBFloat16;
  CHECK_FALSE(fuses(kRows, Head(true), loss, rounds));
  LinearSpec part = Head(true);
  part.slice = {0, 2 * kClasses, {{0, kClasses}}};
  CHECK_FALSE(fuses(kRows, part, loss, in_blocks));
}

TEST_CASE("targets out of range are refused") {
  const std::unique_ptr<Layer> layer = MakeLayer({}, true);
  Memory input(kRows * kInputs * 4), targets(kRows * 4);
  reinterpret_cast<int32_t*>(targets.data())[kRows - 1] = kClasses;
  PassBuffers buffers;
  buffers.input = input.data();
  buffers.targets = targets.data();
  CHECK(layer->Forward({}, buffers).code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
