// The CUDA half of devices.h. A build with a CUDA toolkit links cuda_devices.cc; a build without links
// no_cuda_devices.cc, which returns Unavailable. Used by devices.cc alone.
#ifndef BATON_RUNTIME_MACHINE_CUDA_DEVICES_H_
#define BATON_RUNTIME_MACHINE_CUDA_DEVICES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/machine/devices.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Backend>> MakeCudaBackend(const proto::Devices& devices);
absl::StatusOr<JobDevices> MakeCudaDevices(int count, const DevicesHere& here);
absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeCudaMeeting(absl::Span<Device* const> members);
absl::StatusOr<std::unique_ptr<RemoteTransport>> MakeCudaRemote(const JobDevices& made, const RemoteOptions& options);
absl::StatusOr<std::string> DescribeGpus();
int GpusHere();  // 0 without a GPU

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_CUDA_DEVICES_H_
