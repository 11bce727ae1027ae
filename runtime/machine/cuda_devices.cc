// CUDA devices, in a build with a CUDA toolkit.
#include "runtime/machine/cuda_devices.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "ops/cuda/cuda_backend.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/machine/product_choice_file.h"
#include "runtime/transport/cuda/cuda_member_meeting.h"
#include "runtime/transport/cuda/cuda_transport.h"
#include "runtime/transport/nccl/nccl_transport.h"

namespace baton {

namespace {

// All backends of the process share the choices of a file, so that equal products have one algorithm.
std::shared_ptr<ProductChoices> ChoicesIn(const std::string& file) {
  if (file.empty()) return nullptr;
  static auto* const mutex = new Mutex;
  static auto* const all = new std::map<std::string, std::shared_ptr<ProductChoices>>;
  const MutexLock lock(mutex);
  std::shared_ptr<ProductChoices>& choices = (*all)[file];
  if (choices == nullptr) choices = std::make_shared<ProductChoiceFile>(file);
  return choices;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> MakeCudaBackend(const proto::Devices& devices) {
  CudaBackendOptions options;
  options.deterministic = devices.deterministic();
  options.choices = ChoicesIn(devices.product_choices());
  options.rounds_parameters = devices.parameters() == proto::Devices::BF16;
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

namespace {

// [device]; null for those of other processes.
std::vector<CudaDevice*> CudaDevicesOf(const JobDevices& made) {
  std::vector<CudaDevice*> devices;
  for (const std::unique_ptr<Device>& device : made.devices) devices.push_back(static_cast<CudaDevice*>(device.get()));
  return devices;
}

}  // namespace

absl::StatusOr<JobDevices> MakeCudaDevices(int count, const DevicesHere& here) {
  JobDevices made;
  made.devices.resize(count);
  for (int index = here.begin; index < here.end; ++index) {
    BATON_ASSIGN_OR_RETURN(made.devices[index], CudaDevice::Create(index, index * here.num_members + here.member));
  }
  made.transport = std::make_unique<CudaTransport>(CudaDevicesOf(made));
  return made;
}

absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeCudaMeeting(absl::Span<Device* const> members) {
  std::vector<const CudaDevice*> devices;
  for (const Device* member : members) devices.push_back(static_cast<const CudaDevice*>(member));
  return CudaMemberMeeting::Create(devices);
}

absl::StatusOr<std::unique_ptr<RemoteTransport>> MakeCudaRemote(const JobDevices& made, const RemoteOptions& options) {
  NcclTransportOptions nccl;
  nccl.rank = options.rank;
  nccl.rank_of_device = options.rank_of_device;
  nccl.devices = CudaDevicesOf(made);
  nccl.store = options.store;
  nccl.key_prefix = options.key_prefix;
  return NcclTransport::Create(std::move(nccl));
}

int GpusHere() { return CountGpus().value_or(0); }

absl::StatusOr<std::string> DescribeGpus() {
  BATON_ASSIGN_OR_RETURN(const int count, CountGpus());
  BATON_ASSIGN_OR_RETURN(const std::string gpu, DescribeGpu(0));
  return absl::StrCat(count, " × ", gpu);
}

}  // namespace baton
