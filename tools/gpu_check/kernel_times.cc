// Times the kernels of a job one by one: lines of JSON to a file, a table to standard output. Used by
// tools/gpu_check/run. usage: kernel_times JOB FILE [FIELD=VALUE...]
#include <iostream>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/version.h"
#include "base/write_file.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/job/load.h"
#include "tools/gpu_check/kernel_lines.h"
#include "tools/gpu_check/measure_kernels.h"

namespace baton {
namespace {

constexpr int kSteps = 5;
constexpr int64_t kCeilingExtent = 8192;
constexpr Bytes kCeilingCopy = Bytes{1} << 30;

absl::Status Run(const std::string& job_file, const std::string& file, const std::vector<std::string>& overrides) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadJob(job_file, overrides));
  if (job.devices().backend() != proto::Devices::CUDA) {
    return absl::InvalidArgumentError("devices.backend: HOST must be CUDA to time the kernels of a GPU");
  }
  BATON_ASSIGN_OR_RETURN(const std::string gpu, DescribeGpu(0));
  BATON_ASSIGN_OR_RETURN(const Ceilings ceilings, MeasureCeilings(kCeilingExtent, kCeilingCopy));
  BATON_ASSIGN_OR_RETURN(const KernelMeasurement measured, MeasureKernels(job, kSteps));
  BATON_RETURN_IF_ERROR(WriteFile(file, KernelLines(measured, gpu, kVersion)));
  std::cout << gpu << "\n\n" << KernelMarkdown(measured, ceilings);
  return absl::OkStatus();
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: kernel_times JOB FILE [FIELD=VALUE...]\n";
    return 2;
  }
  const absl::Status status = baton::Run(argv[1], argv[2], {argv + 3, argv + argc});
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
