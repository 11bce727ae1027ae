// CUDA devices, in a build with a CUDA toolkit.
#include "runtime/machine/cuda_devices.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/cuda/cuda_backend.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/transport/cuda/cuda_transport.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Backend>> MakeCudaBackend(const proto::Devices& devices) {
  CudaBackendOptions options;
  options.deterministic = devices.deterministic();
  switch (devices.precision()) {
    case proto::Devices::TF32:
      options.precision = CudaPrecision::kTensorFloat32;
      break;
    case proto::Devices::BF16:
      options.precision = CudaPrecision::kBFloat16;
      break;
    default:
      options.precision = CudaPrecision::kFloat32;
  }
  return std::make_unique<CudaBackend>(options);
}

absl::StatusOr<JobDevices> MakeCudaDevices(int count) {
  JobDevices made;
  std::vector<CudaDevice*> devices;
  for (int index = 0; index < count; ++index) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<CudaDevice> device, CudaDevice::Create(index));
    devices.push_back(device.get());
    made.devices.push_back(std::move(device));
  }
  made.transport = std::make_unique<CudaTransport>(std::move(devices));
  return made;
}

absl::StatusOr<std::string> DescribeGpus() {
  BATON_ASSIGN_OR_RETURN(const int count, CountGpus());
  BATON_ASSIGN_OR_RETURN(const std::string gpu, DescribeGpu(0));
  return absl::StrCat(count, " × ", gpu);
}

}  // namespace baton
