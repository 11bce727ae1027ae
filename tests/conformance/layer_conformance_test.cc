// Every backend's layers against the reference, for all cases: values, memory, accumulation, determinism.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <thread>
#include <variant>

#include "ops/layers/build.h"
#include "ops/layers/token_ids.h"
#include "tests/conformance/layer_cases.h"
#include "tests/conformance/layer_run.h"

namespace baton {
namespace {

// The difference from the reference that is allowed.
struct Tolerance {
  double element = 1e-5;  // limit of each difference, as a fraction of the largest value
  double norm = 0;  // if not 0, used instead: limit of the difference's Frobenius norm, as a fraction of the values'
};

// With bf16 values (8 bits) or TF32 products (11 bits), single differences vary much, but their root mean square is a
// fraction of the values': 2⁻⁹ / √3 for one rounding to bf16, more for several layers one after another.
Tolerance ToleranceOf(const BackendUnderTest& under_test, const LayerCase& layer_case) {
  if (under_test.backend->precision() == DataType::kFloat32 && under_test.multiplies_exactly) return {};
  const bool several = std::holds_alternative<SequenceSpec>(layer_case.spec.kind) ||
                       std::holds_alternative<ResidualSpec>(layer_case.spec.kind);
  return {0, several ? 3e-2 : 6e-3};
}

LayerData DataFor(const BackendUnderTest& under_test, const LayerCase& layer_case, int num_micro_batches, int seed) {
  LayerData data = RandomLayerData(layer_case, num_micro_batches, seed).value();
  if (under_test.backend->precision() == DataType::kBFloat16) RoundToBFloat16(&data);
  return data;
}

// Values below this count as this, so that values that cancel to zero (a norm over one channel) may differ a little.
constexpr double kSmallValue = 0.03;

void CheckNormClose(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    norm += std::max(expected[i] * expected[i], kSmallValue * kSmallValue);
  }
  if (!(std::sqrt(difference) <= tolerance * std::sqrt(norm))) {
    FAIL("the norm of the difference is " << std::sqrt(difference / norm) << " of the expected norm, over "
                                          << actual.size() << " elements; allowed: " << tolerance);
  }
}

// `offset`: a constant that both vectors include and that the comparison of norms leaves out.
void CheckClose(const std::string& what, std::vector<double> actual, std::vector<double> expected,
                const Tolerance& tolerance, double offset = 0) {
  INFO(what);
  REQUIRE(actual.size() == expected.size());
  if (tolerance.norm > 0) {
    for (double& value : actual) value -= offset;
    for (double& value : expected) value -= offset;
    return CheckNormClose(actual, expected, tolerance.norm);
  }
  double largest = kSmallValue;
  for (double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!(std::abs(actual[i] - expected[i]) <= tolerance.element * largest)) {
      FAIL("element " << i << " of " << actual.size() << ": " << actual[i] << " instead of " << expected[i]);
    }
  }
}

void CheckClose(const LayerRun& actual, const LayerRun& expected, const Tolerance& tolerance) {
  const double of_loss = std::max(1e-5, tolerance.norm / 4);
  CHECK(actual.loss == Approx(expected.loss).epsilon(of_loss).margin(of_loss / 10));
  REQUIRE(actual.outputs.size() == expected.outputs.size());
  for (size_t i = 0; i < actual.outputs.size(); ++i) {
    CheckClose("output", actual.outputs[i], expected.outputs[i], tolerance);
  }
  REQUIRE(actual.grad_inputs.size() == expected.grad_inputs.size());
  for (size_t i = 0; i < actual.grad_inputs.size(); ++i) {
    CheckClose("grad_input", actual.grad_inputs[i], expected.grad_inputs[i], tolerance);
  }
  REQUIRE(actual.gradients.size() == expected.gradients.size());
  for (const auto& [name, gradient] : expected.gradients) {
    CheckClose("gradient of " + name, actual.gradients.at(name), gradient, tolerance, kInitialGradient);
  }
}

bool SameBits(const LayerRun& a, const LayerRun& b) {
  return a.loss == b.loss && a.outputs == b.outputs && a.grad_inputs == b.grad_inputs && a.gradients == b.gradients;
}

// The refusal of a case that the backend has no layer for; "" if it makes the layer.
std::string RefusalOf(const BackendUnderTest& under_test, const LayerCase& layer_case) {
  const bool tokens = layer_case.input.type() == DataType::kInt32;
  const Shape input = tokens ? layer_case.input : Shape(under_test.backend->precision(), layer_case.input.extents());
  const absl::Status status = BuildLayer(*under_test.backend, layer_case.spec, input).status();
  return absl::IsUnimplemented(status) ? std::string(status.message()) : "";
}

// The cases that the backend has layers for.
std::vector<LayerCase> CasesOf(const BackendUnderTest& under_test) {
  std::vector<LayerCase> cases;
  for (const LayerCase& layer_case : AllLayerCases()) {
    if (RefusalOf(under_test, layer_case).empty()) cases.push_back(layer_case);
  }
  return cases;
}

LayerRun MustRun(const BackendUnderTest& under_test, const LayerCase& layer_case, const LayerData& data,
                 const LayerRunOptions& options = {}) {
  absl::StatusOr<LayerRun> run = RunLayer(under_test, layer_case, data, options);
  INFO(run.status().ToString());
  REQUIRE(run.ok());
  return *std::move(run);
}

}  // namespace

TEST_CASE("a backend refuses the cases that it is known to lack, and no other") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  std::set<std::string> refusals;
  for (const LayerCase& layer_case : AllLayerCases()) refusals.insert(RefusalOf(under_test, layer_case));
  refusals.erase("");
  CAPTURE(under_test);
  CHECK(refusals == under_test.refusals);
}

TEST_CASE("layers compute what the reference computes and write no other memory") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    for (const int num_micro_batches : {1, 2}) {
      CAPTURE(under_test, layer_case, num_micro_batches);
      const LayerData data = DataFor(under_test, layer_case, num_micro_batches, 1);
      CheckClose(MustRun(under_test, layer_case, data), MustRun(ReferenceUnderTest(), layer_case, data),
                 ToleranceOf(under_test, layer_case));
    }
  }
}

TEST_CASE("in an evaluation layers compute what the reference computes") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  LayerRunOptions options;
  options.evaluates = true;
  options.forward_only = true;
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    CAPTURE(under_test, layer_case);
    const LayerData data = DataFor(under_test, layer_case, 1, 7);
    const LayerRun run = MustRun(under_test, layer_case, data, options);
    CheckClose(run, MustRun(ReferenceUnderTest(), layer_case, data, options), ToleranceOf(under_test, layer_case));
    if (std::holds_alternative<DropoutSpec>(layer_case.spec.kind)) CHECK(run.outputs[0] == data.micro_batches[0].input);
  }
}

TEST_CASE("gradients of parameters are the same without the gradient of the input") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    CAPTURE(under_test, layer_case);
    const LayerData data = DataFor(under_test, layer_case, 1, 2);
    LayerRunOptions options;
    options.wants_grad_input = false;
    const LayerRun without = MustRun(under_test, layer_case, data, options);
    CHECK(without.gradients == MustRun(under_test, layer_case, data).gradients);
  }
}

TEST_CASE("a whole backward pass gives the same bits as its halves") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    CAPTURE(under_test, layer_case);
    const LayerData data = DataFor(under_test, layer_case, 2, 8);
    LayerRunOptions options;
    options.whole_backward = true;
    CHECK(SameBits(MustRun(under_test, layer_case, data, options), MustRun(under_test, layer_case, data)));
  }
}

TEST_CASE("the same inputs give the same bits at any address and on any thread") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    CAPTURE(under_test, layer_case);
    const LayerData data = DataFor(under_test, layer_case, 2, 3);
    const LayerRun expected = MustRun(under_test, layer_case, data);
    std::vector<absl::StatusOr<LayerRun>> runs(3, absl::UnknownError("did not run"));
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        LayerRunOptions options;
        options.address_shift = 2 * i + 1;
        runs[i] = RunLayer(under_test, layer_case, data, options);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& run : runs) {
      INFO(run.status().ToString());
      REQUIRE(run.ok());
      CHECK(SameBits(*run, expected));
    }
  }
}

TEST_CASE("recomputation gives the same bits for each layer and writes no other memory") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  using Mode = RecomputeMode;
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    const LayerData data = RandomLayerData(layer_case, 2, 6).value();
    const LayerRun expected = MustRun(under_test, layer_case, data);
    LayerCase whole = layer_case;
    whole.spec.recompute = Mode::kFull;
    CAPTURE(under_test, layer_case);
    CHECK(SameBits(MustRun(under_test, whole, data), expected));
    whole.spec.recompute = Mode::kAttention;
    CHECK(SameBits(MustRun(under_test, whole, data), expected));
    if (!std::holds_alternative<SequenceSpec>(layer_case.spec.kind)) continue;
    const std::vector<std::vector<Mode>> patterns = {
        {Mode::kFull}, {Mode::kFull, Mode::kNone}, {Mode::kNone, Mode::kFull}, {Mode::kAttention, Mode::kFull}};
    for (const std::vector<Mode>& pattern : patterns) {
      LayerCase mixed = layer_case;
      std::vector<LayerSpec>& layers = std::get<SequenceSpec>(mixed.spec.kind).layers;
      for (size_t i = 0; i < layers.size(); ++i) layers[i].recompute = pattern[i % pattern.size()];
      CAPTURE(&pattern - patterns.data());
      CHECK(SameBits(MustRun(under_test, mixed, data), expected));
    }
  }
}

TEST_CASE("a micro-batch adds the same gradient with and without other micro-batches") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    CAPTURE(under_test, layer_case);
    const LayerData both = DataFor(under_test, layer_case, 2, 4);
    LayerData first = both;
    first.micro_batches.pop_back();
    LayerData second = both;
    second.micro_batches.erase(second.micro_batches.begin());
    const LayerRun together = MustRun(under_test, layer_case, both);
    const LayerRun alone = MustRun(under_test, layer_case, first);
    const LayerRun other = MustRun(under_test, layer_case, second);
    for (const auto& [name, gradient] : together.gradients) {
      std::vector<double> sum = alone.gradients.at(name);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += other.gradients.at(name)[i] - kInitialGradient;
      CheckClose("gradient of " + name, gradient, sum, Tolerance{});
    }
    if (!together.outputs.empty()) {
      CHECK(together.outputs[0] == alone.outputs[0]);
      CHECK(together.outputs[1] == other.outputs[0]);
    }
  }
}

// True if a loss or an output is NaN.
bool ShowsNan(const LayerRun& run) {
  if (std::isnan(run.loss)) return true;
  for (const std::vector<double>& output : run.outputs) {
    for (double value : output) {
      if (std::isnan(value)) return true;
    }
  }
  return false;
}

TEST_CASE("ids out of range are InvalidArgument, or NaN where the backend cannot check") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int32_t wrong = GENERATE(-1, 11, 2147483647);
  for (const LayerCase& layer_case : CasesOf(under_test)) {
    const bool has_tokens = layer_case.input.type() == DataType::kInt32;
    for (const bool token : {true, false}) {
      if (token ? !has_tokens : layer_case.num_classes == 0) continue;
      if (wrong >= 0 && wrong < (token ? layer_case.num_tokens : layer_case.num_classes)) continue;
      CAPTURE(under_test, layer_case, wrong, token);
      LayerData data = DataFor(under_test, layer_case, 1, 5);
      (token ? data.micro_batches[0].tokens : data.micro_batches[0].targets).back() = wrong;
      if (!under_test.checks_ids) {
        CHECK(ShowsNan(MustRun(under_test, layer_case, data)));
        continue;
      }
      const absl::Status status = RunLayer(under_test, layer_case, data).status();
      CHECK(status.code() == absl::StatusCode::kInvalidArgument);
      CHECK_THAT(std::string(status.message()), Catch::Contains(std::to_string(wrong)));
    }
  }
}

// Whether each row's loss depends on that row of the input alone.
bool HasLossOfRows(const LayerCase& layer_case) {
  if (std::holds_alternative<CrossEntropySpec>(layer_case.spec.kind)) return true;
  const auto* const sequence = std::get_if<SequenceSpec>(&layer_case.spec.kind);
  return sequence != nullptr && sequence->layers.size() == 2 &&
         std::holds_alternative<LinearSpec>(sequence->layers[0].kind) &&
         std::holds_alternative<CrossEntropySpec>(sequence->layers[1].kind);
}

TEST_CASE("rows with an ignored target count nothing and have no gradient") {
  std::vector<BackendUnderTest> backends = BackendsUnderTest();
  backends.push_back(ReferenceUnderTest());
  const auto under_test = GENERATE_COPY(from_range(backends));
  for (const LayerCase& layer_case : AllLayerCases()) {
    if (!HasLossOfRows(layer_case)) continue;
    CAPTURE(under_test, layer_case);
    const LayerData data = DataFor(under_test, layer_case, 1, 5);
    const int64_t width = layer_case.input.extents().back();
    const int64_t rows = static_cast<int64_t>(data.micro_batches[0].targets.size());
    const LayerRun whole = MustRun(under_test, layer_case, data);
    // The losses of each row alone sum to that of all rows.
    double sum = 0;
    for (int64_t row = 0; row < rows; ++row) {
      CAPTURE(row);
      LayerData alone = data;
      alone.micro_batches[0].targets.assign(rows, kIgnoredTarget);
      alone.micro_batches[0].targets[row] = data.micro_batches[0].targets[row];
      const LayerRun run = MustRun(under_test, layer_case, alone);
      sum += run.loss;
      for (size_t i = 0; i < run.grad_inputs[0].size(); ++i) {
        const bool own = static_cast<int64_t>(i) / width == row;
        REQUIRE(run.grad_inputs[0][i] == (own ? whole.grad_inputs[0][i] : 0.0));
      }
    }
    CHECK(sum == Approx(whole.loss).epsilon(1e-6));
  }
}

}  // namespace baton
