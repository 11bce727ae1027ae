// Estimates of a kernel's time on a GPU that is not at hand. Used by ops/models/rates.
//
//     const double ns = KernelTime(kernel, traits);
//     const double share_of_the_roof = KernelFloor(kernel, traits) / ns;
#ifndef BATON_OPS_MODELS_KERNEL_TIMES_H_
#define BATON_OPS_MODELS_KERNEL_TIMES_H_

#include "ops/models/kernels.h"

namespace baton {

// The rates that a GPU's large kernels reach, and the times that its small ones cannot go below.
struct GpuTraits {
  double flops_per_ns = 0;  // of matrix products, of all multiprocessors
  double bytes_per_ns = 0;  // of device memory
  // The rate of the cache that all multiprocessors share, from which they take their operands; 0: no limit.
  double cache_bytes_per_ns = 0;
  int multiprocessors = 0;   // above 0
  double scores_per_ns = 0;  // of all multiprocessors: elements that a softmax takes
  double latency_ns = 1000;  // from a kernel's start to its first data, and from its last data to its end
  double launch_ns = 1000;   // between a kernel's end and the next one's start
  double first_data_ns = 0;  // from a wave's start until its multiprocessors have the first operands
  // Share of bytes_per_ns that a pass reaches which adds up columns besides; above 0, at most 1.
  double column_sums_share = 1;
};

// The roofline of Williams et al. (2009): the longer of the times for its FLOPs and for its bytes.
double KernelFloor(const Kernel& kernel, const GpuTraits& traits);

// In nanoseconds, the launch included.
//
// A pass takes latency_ns besides the time for its bytes.
//
// A product is cut into tiles, of the best of six sizes. The multiprocessors take tiles in waves; a wave waits for its
// first operands, takes the products of a whole tile on one multiprocessor, or its operands at the multiprocessor's
// share of the cache's rate if that is longer, then the tile's bytes at the share of the memory's rate. Small tiles
// need more operands for each product. Where tiles are few, the sum over k is cut too: each part writes its
// tile in f32, and another pass adds the parts. Not less than the time for all bytes.
//
// Attention takes the time of its bytes, then that of its products and that of the softmax of its scores: in the
// forward pass the longer of the two, since one tile's softmax runs beside another's products (Shah et al. 2024,
// "FlashAttention-3", section 3.1), in the backward pass both.
double KernelTime(const Kernel& kernel, const GpuTraits& traits);

}  // namespace baton

#endif  // BATON_OPS_MODELS_KERNEL_TIMES_H_
