// EstimateKernel against kernels that others measured and published: the only figures that its constants rest on. No
// training run is among them. docs/prediction.md names the sources.
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>

#include "ops/models/kernel_times.h"
#include "ops/models/rates.h"
#include "ops/models/testing/product_kernel.h"
#include "schedules/costs/known_devices.h"

namespace baton {
namespace {

DeviceRates RatesOf(const std::string& name) {
  const KnownDevice& device = *FindDevice(name);
  DeviceRates rates;
  rates.flops_per_ns = 1e3 * device.matmul_tflops();
  rates.bytes_per_ns = device.memory_gbps();
  rates.multiprocessors = device.multiprocessors;
  rates.clock_ghz = device.clock_ghz;
  return rates;
}

// 16,384 tokens and 2,048 features in heads of `head_width`, as in the figures of Shah et al. 2024. Its FLOPs are those
// by which the paper divides: a causal mask halves them.
Kernel Attention(int64_t head_width, int64_t context, bool causal, bool backward) {
  constexpr double kTokens = 16384, kFeatures = 2048, kTile = 128;
  const double heads = kFeatures / head_width;
  const double keys = causal ? (context + kTile) / 2 : context;
  const double flops = (backward ? 10 : 4) * static_cast<double>(head_width) * heads * kTokens;
  Kernel kernel;
  kernel.kind = KernelKind::kAttention;
  kernel.flops = flops * context / (causal ? 2 : 1);
  kernel.tiled_flops = flops * keys;
  kernel.scores = heads * kTokens * keys;
  kernel.overlaps_softmax = !backward;
  // Forward: queries, keys, values, output. Backward: those, the output's gradient, three gradients; that of the
  // queries is summed in f32, in an order that is not fixed, and rounded by another pass.
  const double tensor = 2 * kTokens * kFeatures;
  kernel.bytes = static_cast<Bytes>(tensor * (backward ? 8 + 2 * 2 : 4));
  return kernel;
}

double TeraflopsOf(const Kernel& kernel, const std::string& device) {
  return kernel.flops / TimeByRates(kernel, RatesOf(device)) / 1e3;
}

struct PublishedProduct {
  const char* device;
  int64_t m, n, k;
  double teraflops;
};

void CheckProducts(std::initializer_list<PublishedProduct> products, double tolerance) {
  for (const PublishedProduct& published : products) {
    CAPTURE(published.device, published.m, published.n, published.k);
    CHECK(TeraflopsOf(Product(published.m, published.n, published.k), published.device) ==
          Approx(published.teraflops).epsilon(tolerance));
  }
}

TEST_CASE("products are as fast as the vendors' libraries were measured to be, within 7 %") {
  CheckProducts(
      {
          // Bekman, "Machine Learning Engineering": the fastest of many shapes.
          {"H100", 2048, 2048, 13312, 794.5},
          {"A100", 1024, 10240, 5120, 271.2},
          // Shankhdhar, github.com/pranjalssh/fast.cu: the cuBLAS baseline.
          {"H100", 8192, 8192, 8192, 797.8},
          {"H100", 6144, 6144, 6144, 741.1},
          // github.com/triton-lang/triton, issue 2339: cuBLAS, in f16.
          {"H100", 2048, 8192, 8192, 721.6},
          // github.com/facebookexperimental/triton, pull request 1038: torch.matmul, a short sum.
          {"H100", 65536, 1024, 1024, 584},
      },
      0.07);
}

TEST_CASE("products are as fast as GPUs sustain them at their power limits, within 4 %") {
  CheckProducts(
      {
          // Bekman, "Machine Learning Engineering" (2026), table of sustainable FLOPS: over 2 s, at 688, 299
          // and 750 W. The A100 is the PCIe card.
          {"H200", 1536, 2816, 6144, 755},
          {"A100", 2304, 1536, 6144, 258},
          {"MI300X", 12288, 9728, 8192, 659},
          // He 2024, "Strangely, Matrix Multiplications on GPUs Run Faster When Given Predictable Data": normally
          // distributed numbers, at 400 W.
          {"A100", 8192, 8192, 8192, 257},
      },
      0.04);
}

TEST_CASE("attention is as fast as cuDNN's was measured to be on an H100, within 13 %") {
  struct Published {
    int64_t head_width, context;
    bool causal, backward;
    double teraflops;
  };
  // Shah et al. 2024, "FlashAttention-3", figures 5 and 6: the bars of cuDNN.
  for (const Published& published : {
           Published{64, 1024, false, false, 373},
           Published{64, 2048, false, false, 395},
           Published{64, 1024, true, false, 288},
           Published{64, 2048, true, false, 334},
           Published{128, 1024, false, false, 574},
           Published{128, 1024, true, false, 410},
           Published{256, 1024, false, false, 546},
           Published{256, 1024, true, false, 391},
           Published{64, 1024, false, true, 348},
           Published{64, 2048, false, true, 395},
           Published{128, 1024, false, true, 408},
           Published{128, 2048, false, true, 465},
       }) {
    CAPTURE(published.head_width, published.context, published.causal, published.backward);
    const Kernel kernel = Attention(published.head_width, published.context, published.causal, published.backward);
    CHECK(TeraflopsOf(kernel, "H100") == Approx(published.teraflops).epsilon(0.13));
  }
}

TEST_CASE("the backward pass of a layer norm is as fast as published ones on A100s, within 5 %") {
  // [rows, width] of 2 bytes, of which the pass reads two and writes one.
  const auto gigabytes = [](double rows, double width, double others, double peak_gbps) {
    Kernel pass;
    pass.sums_columns = true;
    pass.bytes = static_cast<Bytes>(rows * width * 2 * 3 + others);
    DeviceRates rates = RatesOf("A100");
    rates.bytes_per_ns *= peak_gbps / FindDevice("A100")->peak_memory_gbps;
    return static_cast<double>(pass.bytes) / TimeByRates(pass, rates);
  };
  // github.com/NVIDIA/apex, pull request 1037: the card of 40 GB.
  CHECK(gigabytes(32 * 512, 1024, 0, 1555) == Approx(1163).epsilon(0.05));
  // github.com/NVIDIA/Fuser, issue 1473: the PCIe card; 571.8 MB are read, 201.4 MB are written.
  CHECK(gigabytes(0, 0, 570.5e6 + 201.4e6, 1935) == Approx(1438).epsilon(0.05));
}

TEST_CASE("a pass over memory reaches the share of the peak that was published for an A100, within 5 %") {
  // Isaev et al. 2023, "Calculon" (its a100_80g.json): 90 % of 2,048 GB/s from 100 MB on, 75 % from 10 MB on.
  const auto gigabytes = [](Bytes bytes) {
    Kernel pass;
    pass.bytes = bytes;
    return static_cast<double>(bytes) / (TimeByRates(pass, RatesOf("A100")) - GpuTraits().launch_ns);
  };
  CHECK(gigabytes(100'000'000) == Approx(0.9 * 2048).epsilon(0.05));
  CHECK(gigabytes(10'000'000) == Approx(0.75 * 2048).epsilon(0.05));
}

}  // namespace
}  // namespace baton
