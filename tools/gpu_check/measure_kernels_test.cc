// Every kernel of a GPT's step is timed under its name, as often as it runs, on the stand-in.
#include "tools/gpu_check/measure_kernels.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/kernel_observer.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// "kernel pass=…" → how often it runs in a step.
std::map<std::string, int64_t> CountsOf(const KernelMeasurement& measured) {
  std::map<std::string, int64_t> counts;
  for (const KernelRow& row : measured.rows) {
    const size_t pass = row.work.shape.find("pass=");
    const std::string suffix =
        pass == std::string::npos ? "" : " " + row.work.shape.substr(pass + 5, row.work.shape.find(' ') - 5);
    counts[row.work.kernel + suffix] += row.count;
  }
  return counts;
}

}  // namespace

TEST_CASE("a step's kernels are counted by kernel and shape") {
  const proto::Job job =
      MakeJob(kSmallGpt, {"devices.backend=CUDA", "devices.precision=BF16", "model.gpt2.activation=GELU_TANH"});
  const KernelMeasurement measured = MeasureKernels(job, 2).value();
  CHECK(kernel_observer.load() == nullptr);
  const std::map<std::string, int64_t> counts = CountsOf(measured);
  constexpr int kMicroBatches = 4, kLayers = 8;
  // Four products of a layer and the head, each with two more for its gradients.
  CHECK(counts.at("product") == 3 * kMicroBatches * (4 * kLayers + 1));
  CHECK(counts.at("bias_gradient sum") == 4 * kMicroBatches * kLayers);
  CHECK(counts.at("layer_norm forward") == kMicroBatches * (2 * kLayers + 1));
  CHECK(counts.at("layer_norm backward") == kMicroBatches * (2 * kLayers + 1));
  CHECK(counts.count("add_gradients backward") == 0);  // a whole backward pass adds at once
  CHECK(counts.at("attention forward") == kMicroBatches * kLayers);
  CHECK(counts.at("attention backward") == kMicroBatches * kLayers);
  CHECK(counts.at("cross_entropy both") == kMicroBatches);
  CHECK(counts.at("embedding forward") == kMicroBatches);
  CHECK(counts.at("embedding backward") == kMicroBatches);
  CHECK(counts.at("optimizer norms") == 1);
  CHECK(counts.at("optimizer update") == 1);
  CHECK(counts.count("copy device") == 0);  // attention's output is not copied
  double sum = 0;
  for (const KernelRow& row : measured.rows) {
    CAPTURE(row.work.kernel, row.work.shape);
    CHECK(row.work.bytes > 0);
    CHECK(row.count > 0);
    sum += row.us_of_step;
  }
  CHECK(sum > 0);
}

TEST_CASE("with layers over two GPUs the kernels of both count, and the sums over their parts") {
  const auto counts = [](int tensor) {
    return CountsOf(
        MeasureKernels(MakeJob(kSmallGpt, {"devices.backend=CUDA", absl::StrCat("parallel.tensor=", tensor)}), 1)
            .value());
  };
  stand_in::SetNumGpus(2);
  const std::map<std::string, int64_t> whole = counts(1), parts = counts(2);
  stand_in::SetNumGpus(1);
  CHECK(parts.at("product") == 2 * whole.at("product"));
  CHECK(parts.at("attention forward") == 2 * whole.at("attention forward"));
  CHECK(whole.count("member_sum") == 0);
  // Each GPU adds its share of each sum: two a layer in either direction, and those of the embedding and the head.
  CHECK(parts.at("member_sum") >= 2 * 4 * 8 * 4);
}

TEST_CASE("a product's facts are those of its shape and epilogue") {
  const proto::Job job =
      MakeJob(kSmallGpt, {"devices.backend=CUDA", "devices.precision=BF16", "model.gpt2.activation=GELU_TANH"});
  const KernelMeasurement measured = MeasureKernels(job, 1).value();
  int found = 0;
  for (const KernelRow& row : measured.rows) {
    if (row.work.shape != "m=24 n=64 k=16 a=bf16 b=bf16 c=bf16 epilogue=gelu") continue;
    ++found;
    CHECK(row.work.kernel == "product");
    CHECK(row.count == 4 * 8);
    CHECK(row.work.flops == 2 * 24 * 64 * 16);
    CHECK(row.work.bytes == 2 * (24 * 16 + 16 * 64 + 2 * 24 * 64));  // the GELU's input is written, too
  }
  CHECK(found == 1);
}

TEST_CASE("ceilings are rates of a product and a copy") {
  const Ceilings ceilings = MeasureCeilings(16, 4096).value();
  CHECK(ceilings.flops_per_us > 0);
  CHECK(ceilings.bytes_per_us > 0);
}

}  // namespace baton
