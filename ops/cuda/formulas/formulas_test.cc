// The kernels' formulas, element by element, against the reference's layers in double and against direct sums.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "ops/cuda/formulas/activation.h"
#include "ops/cuda/formulas/softmax_sum.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

struct Slopes {
  std::vector<double> values;
  std::vector<double> slopes;
};

// The reference's activation of `x` and, by a gradient of one, its slope.
Slopes ReferenceActivationOf(ActivationKind kind, const std::vector<double>& x) {
  const Shape shape(DataType::kFloat64, {static_cast<int64_t>(x.size())});
  const std::unique_ptr<Layer> layer =
      ReferenceBackend(DataType::kFloat64).Create({ActivationSpec{kind}}, shape).value();
  Slopes result{std::vector<double>(x.size()), std::vector<double>(x.size())};
  const std::vector<double> ones(x.size(), 1.0);
  PassBuffers buffers;
  buffers.input = reinterpret_cast<const std::byte*>(x.data());
  buffers.output = reinterpret_cast<std::byte*>(result.values.data());
  buffers.grad_output = reinterpret_cast<const std::byte*>(ones.data());
  buffers.grad_input = reinterpret_cast<std::byte*>(result.slopes.data());
  REQUIRE(layer->Forward({}, buffers).ok());
  REQUIRE(layer->BackwardInput({}, buffers).ok());
  return result;
}

template <typename Formula>
void CheckActivation(ActivationKind kind) {
  std::vector<double> x;
  for (int i = -480; i <= 480; ++i) x.push_back(i / 40.0);
  const Slopes expected = ReferenceActivationOf(kind, x);
  for (size_t i = 0; i < x.size(); ++i) {
    CAPTURE(x[i]);
    const float at = static_cast<float>(x[i]);
    CHECK(std::abs(Formula::Value(at) - expected.values[i]) <= 2e-6 * std::max(1.0, std::abs(x[i])));
    CHECK(std::abs(Formula::Slope(at) - expected.slopes[i]) <= 4e-6);
  }
}

}  // namespace

TEST_CASE("activations and their slopes equal the reference's") {
  CheckActivation<ReluFormula>(ActivationKind::kRelu);
  CheckActivation<GeluFormula>(ActivationKind::kGelu);
  CheckActivation<GeluTanhFormula>(ActivationKind::kGeluTanh);
  CheckActivation<SiluFormula>(ActivationKind::kSilu);
}

TEST_CASE("activations of very large numbers neither overflow nor become NaN") {
  const float x = GENERATE(-1e30f, -300.0f, 300.0f, 1e30f);
  CHECK(GeluFormula::Value(x) == (x > 0 ? x : 0.0f));
  CHECK(GeluTanhFormula::Value(x) == (x > 0 ? x : 0.0f));
  CHECK(GeluFormula::Slope(x) == (x > 0 ? 1.0f : 0.0f));
}

TEST_CASE("a softmax's sum does not depend on the order of its values or merges") {
  std::mt19937 engine(7);
  const int count = GENERATE(1, 8, 24, 1000);
  const float scale = GENERATE(1.0f, 80.0f);
  std::vector<float> values(count);
  for (float& value : values) value = scale * (static_cast<float>(engine()) / 2147483648.0f - 1.0f);
  double sum = 0;
  const double largest = *std::max_element(values.begin(), values.end());
  for (float value : values) sum += std::exp(value - largest);
  SoftmaxSum one_by_one;
  SoftmaxSum halves[2];
  for (int i = 0; i < count; ++i) {
    const float one[1] = {values[i]};
    Include(one, &one_by_one);
    Include(one, &halves[i % 2]);
  }
  CHECK(one_by_one.LogSumExp() == Approx(largest + std::log(sum)).epsilon(1e-6));
  CHECK(Merge(halves[0], halves[1]).LogSumExp() == Approx(largest + std::log(sum)).epsilon(1e-6));
  CHECK(Merge(halves[1], halves[0]).LogSumExp() == Merge(halves[0], halves[1]).LogSumExp());
  CHECK(Merge(one_by_one, SoftmaxSum{}).LogSumExp() == one_by_one.LogSumExp());
  const float nan[2] = {NAN, 0.0f};
  Include(nan, &one_by_one);
  CHECK(std::isnan(one_by_one.LogSumExp()));
}

}  // namespace baton
