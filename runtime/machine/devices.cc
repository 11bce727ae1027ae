// The table of kinds of devices, and looking up a job's kind in it.
#include "runtime/machine/devices.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/host/host_backend.h"
#include "ops/sized/sized_backend.h"
#include "runtime/device/host/host_device.h"
#include "runtime/machine/available_cores.h"
#include "runtime/machine/cuda_devices.h"
#include "runtime/transport/local/local_member_meeting.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

absl::StatusOr<std::unique_ptr<Backend>> MakeHostBackend(const proto::Devices& devices) {
  HostOptions options;
  options.threads = devices.threads_each();
  options.head_in_blocks = devices.head_in_blocks();
  options.rounds_parameters = devices.parameters() == proto::Devices::BF16;
  if (devices.precision() == proto::Devices::BF16 && HostHasBFloat16()) options.products = DataType::kBFloat16;
  return std::make_unique<HostBackend>(options);
}

absl::StatusOr<JobDevices> MakeHostDevices(const proto::Devices& devices, int count, const DevicesHere& here) {
  HostDeviceOptions options;
  // A thread that polls would keep others from the core.
  if (here.on_host * devices.threads_each() > AvailableCores()) options.spin_ns = 0;
  JobDevices made;
  made.devices.resize(count);
  for (int index = here.begin; index < here.end; ++index) {
    BATON_ASSIGN_OR_RETURN(made.devices[index], HostDevice::Create(index, options));
  }
  made.transport = std::make_unique<LocalTransport>();
  return made;
}

absl::StatusOr<std::unique_ptr<RemoteTransport>> NoRemote(const JobDevices& made, const RemoteOptions& options) {
  return std::unique_ptr<RemoteTransport>();
}

absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeLocalMeeting(absl::Span<Device* const> members) {
  return std::make_unique<LocalMemberMeeting>(static_cast<int>(members.size()));
}

absl::StatusOr<JobDevices> MakeGpus(const proto::Devices& devices, int count, const DevicesHere& here) {
  return MakeCudaDevices(count, here);
}

absl::StatusOr<std::string> DescribeHost(const proto::Devices& devices) {
  const int cores = AvailableCores();
  if (devices.threads_each() <= cores) return std::string();
  return absl::UnavailableError(absl::StrCat("HOST on this machine: devices.threads_each: ", devices.threads_each(),
                                             " must be at most ", cores, ", its number of cores"));
}

absl::StatusOr<std::string> DescribeCuda(const proto::Devices& devices) { return DescribeGpus(); }

struct DeviceKind {
  proto::Devices::Backend backend;
  absl::StatusOr<std::unique_ptr<Backend>> (*make_backend)(const proto::Devices& devices);
  absl::StatusOr<JobDevices> (*make_devices)(const proto::Devices& devices, int count, const DevicesHere& here);
  absl::StatusOr<std::unique_ptr<MemberMeeting>> (*make_meeting)(absl::Span<Device* const> members);
  // Null: Gloo.
  absl::StatusOr<std::unique_ptr<RemoteTransport>> (*make_remote)(const JobDevices& made, const RemoteOptions& options);
  // Empty if there is nothing to say. Errors: Unavailable if this build or this machine has no such device, or too few
  // cores for it.
  absl::StatusOr<std::string> (*describe)(const proto::Devices& devices);
  // See ProcessorsHere.
  int (*count_processors)();
};

constexpr DeviceKind kDeviceKinds[] = {
    {proto::Devices::HOST, MakeHostBackend, MakeHostDevices, MakeLocalMeeting, NoRemote, DescribeHost, AvailableCores},
    {proto::Devices::CUDA, MakeCudaBackend, MakeGpus, MakeCudaMeeting, MakeCudaRemote, DescribeCuda, GpusHere},
};

absl::Status WithField(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("devices.backend: ", status.message()));
}

absl::StatusOr<const DeviceKind*> FindKind(const proto::Devices& devices) {
  for (const DeviceKind& kind : kDeviceKinds) {
    if (kind.backend == devices.backend()) return &kind;
  }
  return absl::UnavailableError(absl::StrCat("devices.backend: this build has no devices of kind ",
                                             proto::Devices::Backend_Name(devices.backend())));
}

}  // namespace

std::vector<Device*> JobDevices::Pointers() const {
  std::vector<Device*> pointers;
  for (const std::unique_ptr<Device>& device : devices) pointers.push_back(device.get());
  return pointers;
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const proto::Devices& devices) {
  BATON_ASSIGN_OR_RETURN(const DeviceKind* kind, FindKind(devices));
  absl::StatusOr<std::unique_ptr<Backend>> backend = kind->make_backend(devices);
  if (!backend.ok()) return WithField(backend.status());
  return backend;
}

absl::StatusOr<std::unique_ptr<Backend>> MakePlanningBackend(const proto::Devices& devices) {
  const bool stands_in = devices.backend() == proto::Devices::HOST && devices.has_device();
  if (stands_in && devices.precision() == proto::Devices::BF16) {
    return std::make_unique<SizedBackend>(devices.parameters() == proto::Devices::BF16);
  }
  return MakeBackend(devices);
}

absl::Status CheckDevices(const proto::Devices& devices) {
  BATON_ASSIGN_OR_RETURN(const DeviceKind* kind, FindKind(devices));
  const absl::StatusOr<std::string> description = kind->describe(devices);
  return description.ok() ? absl::OkStatus() : WithField(description.status());
}

absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count, const DevicesHere& here) {
  BATON_ASSIGN_OR_RETURN(const DeviceKind* kind, FindKind(devices));
  BATON_RETURN_IF_ERROR(CheckDevices(devices));
  absl::StatusOr<JobDevices> made = kind->make_devices(devices, count, here);
  if (!made.ok()) return WithField(made.status());
  return made;
}

absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count) {
  return MakeDevices(devices, count, {0, count, count});
}

absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeMemberMeeting(const proto::Devices& devices,
                                                                 absl::Span<Device* const> members) {
  BATON_ASSIGN_OR_RETURN(const DeviceKind* kind, FindKind(devices));
  auto meeting = kind->make_meeting(members);
  if (!meeting.ok()) return WithField(meeting.status());
  return meeting;
}

absl::StatusOr<std::unique_ptr<RemoteTransport>> MakeRemoteTransport(const proto::Devices& devices,
                                                                     const JobDevices& made,
                                                                     const RemoteOptions& options) {
  BATON_ASSIGN_OR_RETURN(const DeviceKind* kind, FindKind(devices));
  auto remote = kind->make_remote(made, options);
  if (!remote.ok()) return WithField(remote.status());
  return remote;
}

int ProcessorsHere(const proto::Devices& devices) {
  const absl::StatusOr<const DeviceKind*> kind = FindKind(devices);
  return kind.ok() ? (*kind)->count_processors() : 0;
}

std::string DescribeDevices(const proto::Devices& devices) {
  const absl::StatusOr<const DeviceKind*> kind = FindKind(devices);
  return kind.ok() ? (*kind)->describe(devices).value_or("") : "";
}

std::string NoteOnPrecision(const proto::Devices& devices) {
  if (devices.backend() != proto::Devices::HOST || devices.precision() != proto::Devices::BF16 || HostHasBFloat16()) {
    return std::string();
  }
  return "devices.precision: BF16: this processor has no instructions for bf16, so products are in FLOAT32";
}

}  // namespace baton
