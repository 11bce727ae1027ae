// FuseAsMeasured: what the rows that the GPU check writes make of a layer's kernels, and the times that follow.
#include "ops/models/fused_kernels.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "ops/models/rates.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

// Rows of 16 products: [8, 64]ᵀ · [8, 32], their fused sums, and what adds these; or the product and the sums apart.
constexpr char kHead[] = "{\"device\":\"Test GPU\",\"baton\":\"1\"}\n";
constexpr char kFused[] =
    R"({"kernel":"product","shape":"m=64 n=32 k=8 a=f32 b=f32 c=f32 epilogue=bias_gradient adds=1","median_us":5,"bytes":19456,"flops":32768})"
    "\n"
    R"({"kernel":"bias_gradient","shape":"pass=add rows=1 columns=64 type=f32","median_us":2,"bytes":768,"flops":0})"
    "\n";
constexpr char kApart[] =
    R"({"kernel":"product","shape":"m=64 n=32 k=8 a=f32 b=f32 c=f32 epilogue=none adds=1","median_us":4,"bytes":19456,"flops":32768})"
    "\n"
    R"({"kernel":"bias_gradient","shape":"pass=sum rows=8 columns=64 type=f32","median_us":7,"bytes":2560,"flops":0})"
    "\n";

std::shared_ptr<const MeasuredKernels> Table(const std::string& rows) {
  return std::make_shared<const MeasuredKernels>(
      MeasuredKernels::Parse(absl::StrCat(kHead, rows), "kernels.jsonl").value());
}

std::vector<Kernel> KernelsOfWeight() {
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = 32;
  linear.outputs = 64;
  Shape shape(DataType::kFloat32, {8, 32});
  return KernelsOf(ReferenceBackend(), {linear}, shape).value().backward_weight;
}

TEST_CASE("a bias's gradient that was measured inside the product is there, and each kernel is measured exactly") {
  DeviceRates rates{1000, 1000, 8, 1.5};
  rates.measured = Table(kFused);
  const std::vector<Kernel> kernels = FuseAsMeasured(KernelsOfWeight(), rates.measured.get());
  REQUIRE(kernels.size() == 2);
  CHECK(kernels[0].shape.words.at("epilogue") == "bias_gradient");
  CHECK(kernels[1].shape.words.at("pass") == "add");
  CHECK(kernels[1].bytes == 3 * 4 * 64);
  for (const Kernel& kernel : kernels) CHECK(EstimateKernel(kernel, rates).source == TimeSource::kMeasured);
  CHECK(TimeByRates(kernels[0], rates) + TimeByRates(kernels[1], rates) == 7000);
}

TEST_CASE("measured apart, not measured, or of another shape, product and bias stay apart") {
  const std::vector<Kernel> before = KernelsOfWeight();
  CHECK(before[0].shape.words.at("epilogue") == "none");
  const auto unchanged = [&](const MeasuredKernels* measured) {
    const std::vector<Kernel> after = FuseAsMeasured(before, measured);
    return after.size() == 2 && after[0].shape == before[0].shape && after[1].shape == before[1].shape;
  };
  CHECK(unchanged(nullptr));
  CHECK(unchanged(Table(kApart).get()));
  // Both: choices changed between two measurements.
  CHECK(unchanged(Table(absl::StrCat(kFused, kApart)).get()));
  std::string other = kFused;
  other.replace(other.find("m=64"), 4, "m=65");
  CHECK(unchanged(Table(other).get()));
}

}  // namespace
}  // namespace baton
