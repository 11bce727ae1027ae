// Layers whose products have an epilogue compute the same when cuBLASLt fails to apply it, whether it fails when the
// algorithm is chosen or when it first runs, and whatever status it returns.
#include <catch2/catch.hpp>

#include "tests/conformance/cuda_under_test.h"
#include "tests/conformance/composite_cases.h"
#include "tests/conformance/layer_run.h"
#include "tests/cuda_stand_in/cublas_lt.h"

namespace baton {
namespace {

// A block whose feed-forward layers become one, with a bias, a GELU and its gradient as epilogues.
LayerCase FeedForward() { return GeluBlockCase(5, 16, 24); }

void CheckClose(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).epsilon(0.02).margin(0.02));
}

}  // namespace

TEST_CASE("a failing epilogue is applied by own kernels") {
  const CudaPrecision precision = GENERATE(CudaPrecision::kFloat32, CudaPrecision::kBFloat16);
  const cublasStatus_t status =
      GENERATE(CUBLAS_STATUS_NOT_SUPPORTED, CUBLAS_STATUS_INVALID_VALUE, CUBLAS_STATUS_INTERNAL_ERROR);
  const bool when_run = GENERATE(false, true);
  CAPTURE(static_cast<int>(precision), status, when_run);
  const LayerCase layer_case = FeedForward();
  LayerData data = RandomLayerData(layer_case, 2, 1).value();
  if (precision == CudaPrecision::kBFloat16) RoundToBFloat16(&data);
  const BackendUnderTest cuda = CudaUnderTest("cuda", precision);
  const LayerRun expected = RunLayer(cuda, layer_case, data).value();
  stand_in::FailEpilogues(when_run ? CUBLAS_STATUS_SUCCESS : status, when_run ? status : CUBLAS_STATUS_SUCCESS);
  const absl::StatusOr<LayerRun> run = RunLayer(cuda, layer_case, data);
  stand_in::FailEpilogues(CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_SUCCESS);
  INFO(run.status().ToString());
  REQUIRE(run.ok());
  for (int i = 0; i < 2; ++i) {
    CheckClose(run->outputs[i], expected.outputs[i]);
    CheckClose(run->grad_inputs[i], expected.grad_inputs[i]);
  }
  for (const auto& [name, gradient] : expected.gradients) CheckClose(run->gradients.at(name), gradient);
}

}  // namespace baton
