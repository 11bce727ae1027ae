// The reference's gradients against central differences of its own Forward, in double. This makes it an oracle.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/conformance/layer_cases.h"
#include "tests/conformance/layer_run.h"

namespace baton {
namespace {

// The scalar whose gradients a backward pass computes: the loss, or Σ output · grad_output.
double Objective(const LayerCase& layer_case, const LayerData& data) {
  LayerRunOptions options;
  options.forward_only = true;
  const LayerRun run = RunLayer(ReferenceUnderTest(DataType::kFloat64), layer_case, data, options).value();
  double sum = run.loss;
  for (size_t m = 0; m < run.outputs.size(); ++m) {
    for (size_t i = 0; i < run.outputs[m].size(); ++i) sum += run.outputs[m][i] * data.micro_batches[m].grad_output[i];
  }
  return sum;
}

void CheckDerivative(const LayerCase& layer_case, LayerData& data, double& variable, double gradient) {
  constexpr double kStep = 1e-5;
  const double at = variable;
  variable = at + kStep;
  const double above = Objective(layer_case, data);
  variable = at - kStep;
  const double below = Objective(layer_case, data);
  variable = at;
  const double slope = (above - below) / (2 * kStep);
  if (!(std::abs(slope - gradient) <= 1e-7 * (1 + std::abs(slope)))) {
    FAIL("the gradient is " << gradient << ", but the slope is " << slope);
  }
}

}  // namespace

TEST_CASE("the reference's gradients equal the slopes of its outputs") {
  for (const LayerCase& layer_case : DoubleLayerCases()) {
    CAPTURE(layer_case);
    LayerData data = RandomLayerData(layer_case, 1, 6).value();
    const LayerRun run = RunLayer(ReferenceUnderTest(DataType::kFloat64), layer_case, data).value();
    for (auto& [name, values] : data.parameters) {
      if (data.statistics.count(name) > 0) continue;
      for (size_t i = 0; i < values.size(); ++i) {
        CAPTURE(name, i);
        CheckDerivative(layer_case, data, values[i], run.gradients.at(name)[i] - kInitialGradient);
      }
    }
    if (layer_case.input.type() == DataType::kInt32) continue;
    std::vector<double>& input = data.micro_batches[0].input;
    REQUIRE(run.grad_inputs.size() == 1);
    for (size_t i = 0; i < input.size(); ++i) {
      CAPTURE(i);
      CheckDerivative(layer_case, data, input[i], run.grad_inputs[0][i]);
    }
  }
}

}  // namespace baton
