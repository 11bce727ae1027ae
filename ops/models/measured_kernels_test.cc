// MeasuredKernels: files, the nearest shape by its rule, wrong lines; EstimateKernel with measured kernels.
#include "ops/models/measured_kernels.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "ops/models/rates.h"

namespace baton {
namespace {

constexpr char kHead[] = R"({"device":"NVIDIA H100 80GB HBM3","baton":"1"})";

std::string ProductRow(int64_t m, int64_t n, int64_t k, double micros, const std::string& words = "epilogue=bias") {
  return absl::StrCat(R"({"kernel":"product","shape":"m=)", m, " n=", n, " k=", k, " a=bf16 b=bf16 c=bf16 ", words,
                      R"(","count":12,"median_us":)", micros, R"(,"bytes":)", 2 * (m * k + k * n + m * n),
                      R"(,"flops":)", 2 * m * n * k, "}");
}

MeasuredKernels Table(const std::string& rows) {
  absl::StatusOr<MeasuredKernels> table = MeasuredKernels::Parse(absl::StrCat(kHead, "\n", rows), "kernels.jsonl");
  INFO(table.status().message());
  REQUIRE(table.ok());
  return *std::move(table);
}

Kernel Product(double m, double n, double k, const std::string& epilogue = "bias") {
  Kernel kernel;
  kernel.function = "product";
  kernel.shape.extents = {{"m", m}, {"n", n}, {"k", k}};
  kernel.shape.words = {{"a", "bf16"}, {"b", "bf16"}, {"c", "bf16"}, {"epilogue", epilogue}};
  kernel.flops = 2 * m * n * k;
  kernel.bytes = static_cast<Bytes>(2 * (m * k + k * n + m * n));
  return kernel;
}

Kernel Pass(Bytes bytes) {
  Kernel kernel;
  kernel.function = "layer_norm";
  kernel.shape.words = {{"pass", "forward"}, {"type", "bf16"}};
  kernel.bytes = bytes;
  return kernel;
}

TEST_CASE("a measured kernel is found by its function and its shape") {
  const MeasuredKernels table = Table(ProductRow(512, 256, 128, 10) + "\n\n" + ProductRow(512, 256, 1024, 70) + "\n");
  CHECK(table.device() == "NVIDIA H100 80GB HBM3");
  CHECK(table.rows().size() == 2);
  const auto match = table.Find(Product(512, 256, 1024));
  REQUIRE(match.has_value());
  CHECK(match->is_exact);
  CHECK(match->row->median_ns == 70'000);
  // A transposed result.
  REQUIRE(table.Find(Product(256, 512, 1024)).has_value());
  CHECK(table.Find(Product(256, 512, 1024))->is_exact);
  // Other element types, another function.
  Kernel other = Product(512, 256, 1024);
  other.shape.words["c"] = "f32";
  CHECK_FALSE(table.Find(other).has_value());
  other = Product(512, 256, 1024);
  other.function = "attention";
  CHECK_FALSE(table.Find(other).has_value());
}

TEST_CASE("the nearest shape counts within a factor of two in each extent") {
  const MeasuredKernels table = Table(ProductRow(512, 256, 128, 10) + "\n" + ProductRow(512, 256, 256, 20));
  const auto near = [&](double m, double n, double k) { return table.Find(Product(m, n, k)); };
  REQUIRE(near(512, 256, 200).has_value());
  CHECK_FALSE(near(512, 256, 200)->is_exact);
  CHECK(near(512, 256, 200)->row->median_ns == 20'000);  // 256 / 200 is nearer than 200 / 128
  CHECK(near(512, 256, 160)->row->median_ns == 10'000);
  CHECK(near(1024, 512, 512).has_value());
  CHECK_FALSE(near(1025, 512, 512).has_value());
  CHECK_FALSE(near(512, 256, 63).has_value());
  // Another epilogue is not exact; the same one comes first.
  const MeasuredKernels epilogues =
      Table(ProductRow(512, 256, 128, 10, "epilogue=none") + "\n" + ProductRow(512, 256, 128, 11, "epilogue=gelu"));
  CHECK(epilogues.Find(Product(512, 256, 128, "gelu"))->row->median_ns == 11'000);
  CHECK(epilogues.Find(Product(512, 256, 128, "gelu"))->is_exact);
  CHECK(epilogues.Find(Product(512, 256, 128, "bias"))->row->median_ns == 10'000);
  CHECK_FALSE(epilogues.Find(Product(512, 256, 128, "bias"))->is_exact);
}

TEST_CASE("a product that adds to a matrix is not one that does not") {
  const MeasuredKernels table =
      Table(ProductRow(512, 256, 128, 10) + "\n" + ProductRow(512, 256, 128, 14, "epilogue=bias adds=1"));
  Kernel kernel = Product(512, 256, 128);
  CHECK(table.Find(kernel)->row->median_ns == 10'000);
  kernel.shape.extents["adds"] = 1;
  CHECK(table.Find(kernel)->row->median_ns == 14'000);
  CHECK(table.Find(kernel)->is_exact);
  CHECK_FALSE(Table(ProductRow(512, 256, 128, 10)).Find(kernel)->is_exact);
}

TEST_CASE("an extent of zero is a property") {
  const MeasuredKernels table =
      Table(R"({"kernel":"attention","shape":"context=64 causal=1 window=0","median_us":5,"bytes":9,"flops":7})");
  Kernel kernel;
  kernel.function = "attention";
  kernel.shape.extents = {{"context", 64}, {"causal", 1}, {"window", 0}};
  CHECK(table.Find(kernel)->is_exact);
  kernel.shape.extents["causal"] = 0;
  CHECK_FALSE(table.Find(kernel).has_value());
}

TEST_CASE("a kernel without a shape is found by its bytes") {
  const MeasuredKernels table =
      Table(R"({"kernel":"layer_norm","shape":"pass=forward rows=8 columns=4","median_us":5,"bytes":1000,"flops":0})");
  CHECK(table.Find(Pass(1000))->is_exact);
  CHECK_FALSE(table.Find(Pass(1500))->is_exact);
  CHECK_FALSE(table.Find(Pass(2001)).has_value());
  // Another pass.
  Kernel backward = Pass(1000);
  backward.shape.words["pass"] = "backward";
  CHECK_FALSE(table.Find(backward).has_value());
}

TEST_CASE("the optimizer's kernels count whatever the number of elements") {
  const MeasuredKernels table = Table(
      R"({"kernel":"optimizer","shape":"pass=update elements=124000000","median_us":900,"bytes":4216000000,"flops":0})");
  LayerCosts layer;
  layer.parameter_bytes = 2 * 7'000'000;
  layer.gradient_ratio = 2;
  layer.optimizer_bytes = 12 * 7'000'000;
  const std::vector<Kernel> kernels = UpdateKernels(layer);
  REQUIRE(kernels.size() == 2);
  CHECK_FALSE(table.Find(kernels[0]).has_value());  // norms
  DeviceRates rates{1000, 1, 10, 1};
  rates.measured = std::make_shared<const MeasuredKernels>(table);
  const KernelEstimate update = EstimateKernel(kernels[1], rates);
  CHECK(update.source == TimeSource::kNearest);
  CHECK(update.ns == Approx(900'000 * 7.0 / 124));
  layer.parameter_bytes = 2 * 124'000'000;
  CHECK(table.Find(UpdateKernels(layer)[1])->is_exact);
}

TEST_CASE("measured times replace assumed ones; the nearest is scaled by the floors") {
  DeviceRates rates;
  rates.flops_per_ns = 1000;
  rates.bytes_per_ns = 1;
  rates.multiprocessors = 10;
  rates.clock_ghz = 1;
  const KernelEstimate assumed = EstimateKernel(Pass(1500), rates);
  CHECK(assumed.source == TimeSource::kAssumed);
  rates.measured =
      std::make_shared<const MeasuredKernels>(Table(R"({"kernel":"layer_norm","median_us":5,"bytes":1000,"flops":0})"));
  const KernelEstimate nearest = EstimateKernel(Pass(1500), rates), exact = EstimateKernel(Pass(1000), rates);
  CHECK(nearest.source == TimeSource::kNearest);
  CHECK(nearest.ns == Approx(7500));
  CHECK(exact.source == TimeSource::kMeasured);
  CHECK(exact.ns == 5000);
  CHECK(EstimateKernel(Pass(10000), rates).source == TimeSource::kAssumed);
}

TEST_CASE("wrong tables are refused with the line and the field") {
  struct Wrong {
    std::string text;
    std::string message;
  };
  const std::string head = absl::StrCat(kHead, "\n");
  const auto row = [&](const std::string& fields) {
    return absl::StrCat(head, R"({"kernel":"product",)", fields, "}");
  };
  for (const Wrong& wrong : {
           Wrong{"", "t: is empty; its first line names the device"},
           Wrong{head, "t: has no line with a kernel"},
           Wrong{"{}", "t, line 1: device: is missing"},
           Wrong{"x", "t, line 1 is no JSON object"},
           Wrong{head + "{", "t, line 2 is no JSON object"},
           Wrong{head + R"({"median_us":1})", "t, line 2: kernel: is missing"},
           Wrong{head + R"({"kernel":7})", "t, line 2: kernel: must be a text"},
           Wrong{row(R"("bytes":1,"flops":1)"), "t, line 2: median_us: is missing"},
           Wrong{row(R"("median_us":"1","bytes":1,"flops":1)"), "t, line 2: median_us: must be a number"},
           Wrong{row(R"("median_us":-1,"bytes":1,"flops":1)"),
                 "t, line 2: median_us: -1 must be above 0, at most 1e+18"},
           Wrong{row(R"("median_us":1,"bytes":-2,"flops":1)"), "t, line 2: bytes: -2 must be from 0 to 1e+18"},
           Wrong{row(R"("median_us":1,"bytes":1)"), "t, line 2: flops: is missing"},
           Wrong{row(R"("shape":"m","median_us":1,"bytes":1,"flops":1)"), "t, line 2: shape: \"m\" is not NAME=VALUE"},
           Wrong{row(R"("shape":"m=-1","median_us":1,"bytes":1,"flops":1)"),
                 "t, line 2: shape: \"m=-1\" must be at least 0"},
           Wrong{row(R"("shape":"m=1 m=2","median_us":1,"bytes":1,"flops":1)"),
                 "t, line 2: shape: \"m=2\" is there twice"},
           Wrong{row(R"("shape":"m=1","shape":"n=1")"), "t, line 2 has \"shape\" twice"},
       }) {
    CAPTURE(wrong.text);
    const absl::Status status = MeasuredKernels::Parse(wrong.text, "t").status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message() == wrong.message);
  }
}

}  // namespace
}  // namespace baton
