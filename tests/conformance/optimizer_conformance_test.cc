// Every backend's Add, SquaredNorm and AdamW against the reference.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/conformance/backends.h"
#include "tests/conformance/guarded_buffer.h"

namespace baton {
namespace {

std::vector<double> RandomValues(int64_t count, int seed, double low, double high) {
  std::mt19937 engine(seed);
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<float>(low + (high - low) * (engine() / 4294967296.0));
  return values;
}

// What three updates leave: values, first and second moments, gradients.
std::vector<std::vector<double>> RunAdamW(const BackendUnderTest& under_test, int64_t count, double gradient_scale,
                                          int shift) {
  const DataType type = DataType::kFloat32;
  GuardedBuffer values(under_test, "values", 4 * count, shift);
  GuardedBuffer gradients(under_test, "gradients", 4 * count, shift);
  GuardedBuffer first(under_test, "first moment", 4 * count, shift);
  GuardedBuffer second(under_test, "second moment", 4 * count, shift);
  values.WriteFloats(type, RandomValues(count, 1, -1, 1));
  first.WriteFloats(type, std::vector<double>(count, 0.0));
  second.WriteFloats(type, std::vector<double>(count, 0.0));
  for (int step = 1; step <= 3; ++step) {
    std::vector<double> gradient = RandomValues(count, 10 + step, -0.1, 0.1);
    gradient[0] = 0;  // where √v̂ is 0 and ε alone is left
    gradients.WriteFloats(type, gradient);
    AdamWArguments arguments;
    arguments.values = values.data();
    arguments.gradients = gradients.data();
    arguments.first_moment = first.data();
    arguments.second_moment = second.data();
    arguments.num_elements = count;
    arguments.learning_rate = 0.01;
    arguments.beta1 = 0.9;
    arguments.beta2 = 0.95;
    arguments.epsilon = 1e-8;
    arguments.weight_decay = 0.1;
    arguments.gradient_scale = gradient_scale;
    arguments.step = step;
    REQUIRE(under_test.backend->AdamW(under_test.stream, arguments).ok());
    under_test.synchronize();
  }
  for (const GuardedBuffer* buffer : {&values, &gradients, &first, &second}) CHECK(buffer->CheckGuards().ok());
  return {values.ReadFloats(type), first.ReadFloats(type), second.ReadFloats(type), gradients.ReadFloats(type)};
}

}  // namespace

TEST_CASE("AdamW updates as the reference does and clears the gradients") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 15, 16, 17, 100, 1037);
  const double gradient_scale = GENERATE(1.0, 0.25);
  CAPTURE(under_test, count, gradient_scale);
  const auto actual = RunAdamW(under_test, count, gradient_scale, 0);
  const auto expected = RunAdamW(ReferenceUnderTest(), count, gradient_scale, 0);
  for (size_t part = 0; part < expected.size(); ++part) {
    for (int64_t i = 0; i < count; ++i) {
      CAPTURE(part, i);
      REQUIRE(actual[part][i] == Approx(expected[part][i]).epsilon(2e-5).margin(2e-7));
    }
  }
  CHECK(actual.back() == std::vector<double>(count, 0.0));
  CHECK(RunAdamW(under_test, count, gradient_scale, 3) == actual);
}

TEST_CASE("AdamW's first step moves each value by the learning rate and the decay") {
  // m̂ = g and v̂ = g², so the update is sign(g) but for ε: the reference itself against arithmetic by hand.
  BackendUnderTest reference = ReferenceUnderTest();
  float value[] = {1.0f, -2.0f};
  float gradient[] = {0.5f, -3.0f};
  float first[] = {0, 0};
  float second[] = {0, 0};
  AdamWArguments arguments;
  arguments.values = reinterpret_cast<std::byte*>(value);
  arguments.gradients = reinterpret_cast<std::byte*>(gradient);
  arguments.first_moment = reinterpret_cast<std::byte*>(first);
  arguments.second_moment = reinterpret_cast<std::byte*>(second);
  arguments.num_elements = 2;
  arguments.learning_rate = 0.1;
  arguments.beta1 = 0.9;
  arguments.beta2 = 0.999;
  arguments.epsilon = 1e-8;
  arguments.weight_decay = 0.5;
  arguments.gradient_scale = 1;
  arguments.step = 1;
  REQUIRE(reference.backend->AdamW({}, arguments).ok());
  CHECK(value[0] == Approx(1.0 - 0.1 * (1 + 0.5 * 1.0)));
  CHECK(value[1] == Approx(-2.0 - 0.1 * (-1 + 0.5 * -2.0)));
  CHECK(first[1] == Approx(-0.3));
  CHECK(second[1] == Approx(0.009));
}

TEST_CASE("the squared norm is a sum in double") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 31, 32, 33, 4099);
  CAPTURE(under_test, count);
  const DataType type = DataType::kFloat32;
  std::vector<double> values = RandomValues(count, 7, -1, 1);
  values[count / 2] = 1e15;  // in float, all the others would vanish beside it
  double results[2];
  for (const int shift : {0, 1}) {
    GuardedBuffer buffer(under_test, "values", 4 * count, shift);
    buffer.WriteFloats(type, values);
    buffer.Freeze();
    GuardedBuffer result(under_test, "result", sizeof(double));
    REQUIRE(under_test.backend
                ->SquaredNorm(under_test.stream, buffer.data(), count, reinterpret_cast<double*>(result.data()))
                .ok());
    under_test.synchronize();
    results[shift] = *reinterpret_cast<double*>(result.data());
    CHECK(buffer.CheckUnchanged().ok());
    CHECK(result.CheckGuards().ok());
  }
  CHECK(results[0] == results[1]);
  double expected = 0;
  for (double value : values) expected += static_cast<float>(value) * static_cast<double>(static_cast<float>(value));
  CHECK(results[0] == Approx(expected).epsilon(1e-13));
}

TEST_CASE("sums may be written over a term") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 16, 77);
  const int over = GENERATE(0, 1, 2);  // a third buffer, a, b
  CAPTURE(under_test, count, over);
  const Shape shape(DataType::kFloat32, {count});
  const std::vector<double> a_values = RandomValues(count, 8, -1, 1);
  const std::vector<double> b_values = RandomValues(count, 9, -1, 1);
  GuardedBuffer a(under_test, "a", shape.NumBytes());
  GuardedBuffer b(under_test, "b", shape.NumBytes());
  GuardedBuffer c(under_test, "c", shape.NumBytes());
  a.WriteFloats(shape.type(), a_values);
  b.WriteFloats(shape.type(), b_values);
  GuardedBuffer& sum = over == 0 ? c : over == 1 ? a : b;
  REQUIRE(under_test.backend->Add(under_test.stream, shape, a.data(), b.data(), sum.data()).ok());
  under_test.synchronize();
  const std::vector<double> actual = sum.ReadFloats(shape.type());
  for (int64_t i = 0; i < count; ++i) {
    REQUIRE(actual[i] == static_cast<float>(a_values[i]) + static_cast<float>(b_values[i]));
  }
  for (const GuardedBuffer* buffer : {&a, &b, &c}) CHECK(buffer->CheckGuards().ok());
}

}  // namespace baton
