// The measured times of a job's kernels. Made by measure_kernels, printed by kernel_lines.
#ifndef BATON_TOOLS_GPU_CHECK_MEASURED_KERNELS_H_
#define BATON_TOOLS_GPU_CHECK_MEASURED_KERNELS_H_

#include <cstdint>
#include <vector>

#include "base/kernel_observer.h"

namespace baton {

// Measured on GPU 0. The floor of a kernel is the longer of the times for its FLOPs and its bytes at these rates.
struct Ceilings {
  double flops_per_us = 0;  // of a square product of bf16 matrices
  double bytes_per_us = 0;  // of a copy in device memory, what it reads and what it writes
};

struct KernelRow {
  KernelWork work;        // of one
  int64_t count = 0;      // in one step
  double median_us = 0;   // of one
  double us_of_step = 0;  // of all in one step, on average
};

struct KernelMeasurement {
  std::vector<KernelRow> rows;  // those that take longest in a step first
  double step_us = 0;           // median of the same steps, without graphs and with events around each kernel
};

}  // namespace baton

#endif  // BATON_TOOLS_GPU_CHECK_MEASURED_KERNELS_H_
