// KernelTime: hand-made products and passes, and properties over many.
#include "ops/models/kernel_times.h"

#include <catch2/catch.hpp>
#include <random>

#include "ops/models/testing/product_kernel.h"

namespace baton {
namespace {

// Ten multiprocessors of 100 FLOP/ns each, and 1000 B/ns.
GpuTraits Traits() {
  GpuTraits traits;
  traits.flops_per_ns = 1000;
  traits.bytes_per_ns = 1000;
  traits.multiprocessors = 10;
  traits.scores_per_ns = 10;
  traits.latency_ns = 100;
  traits.launch_ns = 50;
  return traits;
}

TEST_CASE("a pass takes the time for its bytes, its latency and its launch") {
  Kernel pass;
  pass.bytes = 5000;
  CHECK(KernelTime(pass, Traits()) == 50 + 100 + 5);
  pass.flops = 7000;
  CHECK(KernelTime(pass, Traits()) == 50 + 100 + 7);
  CHECK(KernelFloor(pass, Traits()) == 7);
  pass.launches = 3;
  CHECK(KernelTime(pass, Traits()) == 3 * (50 + 100) + 7);
}

TEST_CASE("a product whose tiles fill the waves takes the time for its FLOPs and its tiles' bytes") {
  // 10 × 2 tiles of 256 × 128 are two waves.
  const Kernel product = Product(2560, 256, 200);
  const double tile = 256 * 128;
  CHECK(KernelTime(product, Traits()) == Approx(50 + 100 + 2 * (2 * tile * 200 / 100 + tile * 2 / 100)));
  // One tile more is a wave more, in whichever tiles.
  CHECK(KernelTime(Product(2561, 256, 200), Traits()) > 1.02 * KernelTime(product, Traits()));
}

TEST_CASE("each wave of tiles waits for its first operands") {
  GpuTraits traits = Traits();
  traits.first_data_ns = 7;
  const Kernel product = Product(2560, 256, 200);
  CHECK(KernelTime(product, traits) == Approx(KernelTime(product, Traits()) + 2 * 7));
}

TEST_CASE("a tile takes its products or its operands from the cache, whichever is longer") {
  GpuTraits traits = Traits();
  // A tile of 64 × 64 takes 2 · 64 · 64 / 100 ns for each product of its sum, and 256 bytes of operands.
  const Kernel product = Product(64, 64, 200);
  const double products = KernelTime(product, traits);
  traits.cache_bytes_per_ns = 10 * 256 / 81.92;
  CHECK(KernelTime(product, traits) == Approx(products));
  traits.cache_bytes_per_ns /= 2;
  CHECK(KernelTime(product, traits) == Approx(products + 200 * 81.92));
  // Operands of 4 bytes.
  Kernel wide = product;
  wide.bytes += 2 * (64 * 200 + 200 * 64);
  CHECK(KernelTime(wide, traits) == Approx(products + 3 * 200 * 81.92));
}

TEST_CASE("a pass that adds up columns reaches a share of the memory's rate") {
  GpuTraits traits = Traits();
  traits.column_sums_share = 0.5;
  Kernel pass;
  pass.bytes = 5000;
  CHECK(KernelTime(pass, traits) == KernelTime(pass, Traits()));
  pass.sums_columns = true;
  CHECK(KernelTime(pass, traits) == 50 + 100 + 10);
  CHECK(KernelTime(pass, Traits()) == 50 + 100 + 5);
  CHECK(KernelFloor(pass, traits) == 5);
}

TEST_CASE("a product with few tiles is cut along its sum") {
  const Kernel product = Product(64, 64, 4096);
  const double one_part = 2.0 * 64 * 64 * 4096 / 100;
  CHECK(KernelTime(product, Traits()) < one_part / 4);
  // A sum that is short stays whole.
  CHECK(KernelTime(Product(64, 64, 511), Traits()) > 2.0 * 64 * 64 * 511 / 100);
}

TEST_CASE("attention takes its bytes, then its products and its softmax, which overlap in the forward pass") {
  Kernel attention;
  attention.kind = KernelKind::kAttention;
  attention.tiled_flops = 3000;
  attention.scores = 40;
  attention.bytes = 9000;
  CHECK(KernelTime(attention, Traits()) == 50 + 100 + 9 + 3 + 4);
  attention.overlaps_softmax = true;
  CHECK(KernelTime(attention, Traits()) == 50 + 100 + 9 + 4);
  attention.tiled_flops = 8000;
  CHECK(KernelTime(attention, Traits()) == 50 + 100 + 9 + 8);
}

TEST_CASE("a product is never faster than its floor, nor slower on a GPU with more of everything") {
  std::mt19937 random(1);
  const auto draw = [&](int most) { return 1 + static_cast<int64_t>(random() % most); };
  GpuTraits faster = Traits();
  faster.flops_per_ns *= 2;
  faster.bytes_per_ns *= 2;
  for (int i = 0; i < 500; ++i) {
    const Kernel product = Product(draw(5000), draw(5000), draw(5000));
    CAPTURE(product.m, product.n, product.k);
    const double time = KernelTime(product, Traits());
    CHECK(time > KernelFloor(product, Traits()));
    CHECK(KernelTime(product, faster) < time);
    // A longer sum takes longer.
    CHECK(KernelTime(Product(product.m, product.n, 2 * product.k), Traits()) > time);
  }
}

}  // namespace
}  // namespace baton
