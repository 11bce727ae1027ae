// Tiles, waves and parts of products; see kernel_times.h.
#include "ops/models/kernel_times.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace baton {
namespace {

struct Tile {
  int64_t m;
  int64_t n;
};

// Sizes that cuBLAS and CUTLASS offer for 16-bit elements.
constexpr Tile kTiles[] = {{256, 128}, {128, 256}, {128, 128}, {128, 64}, {64, 128}, {64, 64}};
constexpr int64_t kParts[] = {1, 2, 3, 4, 6, 8, 12, 16};
// A part of a sum must be long enough to keep the pipeline of a multiprocessor full.
constexpr int64_t kShortestPart = 256;
constexpr double kFloat = 4;

// The bytes of an element of the operands.
double OperandBytes(const Kernel& product) {
  const double operands = static_cast<double>(product.bytes - product.m * product.n * product.tile_bytes);
  return operands / static_cast<double>(product.k * (product.m + product.n));
}

// A product in tiles of `tile`, its sum over k in `parts`.
double TiledTime(const Kernel& product, const GpuTraits& traits, const Tile& tile, int64_t parts) {
  const double tiles =
      std::ceil(static_cast<double>(product.m) / tile.m) * std::ceil(static_cast<double>(product.n) / tile.n);
  const double elements = static_cast<double>(tile.m * tile.n);
  const double waves = std::ceil(tiles * parts / traits.multiprocessors);
  const double sum = static_cast<double>(product.k) / static_cast<double>(parts);
  const double tile_bytes = parts == 1 ? static_cast<double>(product.tile_bytes) : kFloat;
  double products = 2 * elements * sum / traits.flops_per_ns;
  if (traits.cache_bytes_per_ns > 0) {
    const double operands = static_cast<double>(tile.m + tile.n) * sum * OperandBytes(product);
    products = std::max(products, operands / traits.cache_bytes_per_ns);
  }
  const double wave =
      traits.first_data_ns + traits.multiprocessors * (products + elements * tile_bytes / traits.bytes_per_ns);
  double time = traits.latency_ns + waves * wave;
  double bytes = static_cast<double>(product.bytes);
  if (parts > 1) {
    bytes += elements * tiles * kFloat * parts;
    time += traits.latency_ns + traits.launch_ns +
            tiles * elements * (kFloat * parts + product.tile_bytes) / traits.bytes_per_ns;
  }
  return std::max(time, bytes / traits.bytes_per_ns);
}

double ProductTime(const Kernel& product, const GpuTraits& traits) {
  double best = std::numeric_limits<double>::infinity();
  for (const Tile& tile : kTiles) {
    for (const int64_t parts : kParts) {
      if (parts > 1 && product.k < parts * kShortestPart) break;
      best = std::min(best, TiledTime(product, traits, tile, parts));
    }
  }
  return best;
}

double BytesTime(const Kernel& kernel, const GpuTraits& traits) {
  return static_cast<double>(kernel.bytes) / traits.bytes_per_ns;
}

double TilesOfScores(const Kernel& attention, const GpuTraits& traits) {
  const double products = attention.tiled_flops / traits.flops_per_ns;
  const double softmax = attention.scores / traits.scores_per_ns;
  return attention.overlaps_softmax ? std::max(products, softmax) : products + softmax;
}

}  // namespace

double KernelFloor(const Kernel& kernel, const GpuTraits& traits) {
  return std::max(kernel.flops / traits.flops_per_ns, BytesTime(kernel, traits));
}

double KernelTime(const Kernel& kernel, const GpuTraits& traits) {
  const double each = traits.launch_ns + traits.latency_ns;
  switch (kernel.kind) {
    case KernelKind::kProduct:
      return traits.launch_ns + ProductTime(kernel, traits);
    case KernelKind::kAttention:
      return kernel.launches * each + BytesTime(kernel, traits) + TilesOfScores(kernel, traits);
    case KernelKind::kPass:
      break;
  }
  const double share = kernel.sums_columns ? traits.column_sums_share : 1;
  return kernel.launches * each + std::max(kernel.flops / traits.flops_per_ns, BytesTime(kernel, traits) / share);
}

}  // namespace baton
