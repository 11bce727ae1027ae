// Measured kernels as lines of JSON, for programs, and as a table, for people. Used by kernel_times.
#ifndef BATON_TOOLS_GPU_CHECK_KERNEL_LINES_H_
#define BATON_TOOLS_GPU_CHECK_KERNEL_LINES_H_

#include <string>

#include "tools/gpu_check/measured_kernels.h"

namespace baton {

// One JSON object a line, each line with its '\n':
//
//   {"device":"NVIDIA H100 80GB HBM3, 79.6 GiB","baton":"0.1.0"}
//   {"kernel":"product","shape":"m=16384 n=768 k=3072 …","count":12,"median_us":123.4,"bytes":75500000,"flops":7.7e+10}
std::string KernelLines(const KernelMeasurement& measured, const std::string& device, const std::string& version);

// A table in Markdown with a row a kernel and shape: count, median, the time of all in a step, GFLOP, MB, floor and the
// floor's percentage of the median; then the sum of the kernels' times beside the step's time.
std::string KernelMarkdown(const KernelMeasurement& measured, const Ceilings& ceilings);

}  // namespace baton

#endif  // BATON_TOOLS_GPU_CHECK_KERNEL_LINES_H_
