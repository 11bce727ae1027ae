// CUDA devices and NCCL on this machine's GPUs.
#include "runtime/device/cuda/cuda_device.h"
#include "tests/conformance/devices/cuda_kinds.h"

namespace baton {

std::vector<KindUnderTest> KindsUnderTest() {
  KindUnderTest cuda = CudaKind(), nccl = NcclKind();
  const absl::StatusOr<int> num_gpus = CountGpus();
  if (!num_gpus.ok()) {
    cuda.missing = std::string(num_gpus.status().message());
    nccl.missing = cuda.missing;
  } else if (*num_gpus < 4) {
    nccl.missing = "NCCL refuses two ranks on one GPU, and cases have up to four";
  }
  return {cuda, nccl};
}

}  // namespace baton
