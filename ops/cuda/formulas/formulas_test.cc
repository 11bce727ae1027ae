// The kernels' formulas, element by element, against the reference's layers in double and against sums by hand.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "ops/cuda/formulas/activation.h"
#include "ops/cuda/formulas/adamw.h"
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
      ReferenceBackend(DataType::kFloat64).CreateActivation(ActivationSpec{kind}, shape).value();
  Slopes result{std::vector<double>(x.size()), std::vector<double>(x.size())};
  const std::vector<double> ones(x.size(), 1.0);
  LayerBuffers buffers;
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

TEST_CASE("activations and slopes are the reference's") {
  CheckActivation<ReluFormula>(ActivationKind::kRelu);
  CheckActivation<GeluFormula>(ActivationKind::kGelu);
  CheckActivation<GeluTanhFormula>(ActivationKind::kGeluTanh);
}

TEST_CASE("activations of numbers far out neither overflow nor turn into NaN") {
  const float x = GENERATE(-1e30f, -300.0f, 300.0f, 1e30f);
  CHECK(GeluFormula::Value(x) == (x > 0 ? x : 0.0f));
  CHECK(GeluTanhFormula::Value(x) == (x > 0 ? x : 0.0f));
  CHECK(GeluFormula::Slope(x) == (x > 0 ? 1.0f : 0.0f));
}

TEST_CASE("a softmax's sum is the same however it is taken in") {
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

TEST_CASE("an AdamW element follows the paper") {
  UpdateControl control;
  control.learning_rate = 0.1;
  control.beta2 = 0.95;
  control.weight_decay = 0.5;
  control.step = GENERATE(1, 2, 1000);
  const double scale = 0.25;
  const AdamWElement before{0.75f, -0.125f, 0.5f};
  const float gradient = 3.0f;
  const double g = scale * gradient;
  const double m = 0.9 * before.first_moment + 0.1 * g;
  const double v = 0.95 * before.second_moment + 0.05 * g * g;
  const double step =
      m / (1 - std::pow(0.9, control.step)) / (std::sqrt(v / (1 - std::pow(0.95, control.step))) + control.epsilon);
  const AdamWFactors factors = MakeAdamWFactors(control, scale);
  const AdamWElement after = UpdateByAdamW(factors, factors.decay_factor, before, gradient);
  CHECK(after.first_moment == Approx(m).epsilon(1e-6));
  CHECK(after.second_moment == Approx(v).epsilon(1e-6));
  CHECK(after.value == Approx(before.value - 0.1 * (step + 0.5 * before.value)).epsilon(1e-6));
  const AdamWElement steady = UpdateByAdamW(factors, 1.0f, before, gradient);
  CHECK(steady.value == Approx(before.value - 0.1 * step).epsilon(1e-6));
}

}  // namespace baton
