// Unavailable, in a build without a CUDA toolkit.
#include "runtime/machine/cuda_devices.h"

namespace baton {
namespace {

absl::Status NoCuda() {
  return absl::UnavailableError(
      "this build has no CUDA: bazel found no CUDA toolkit in CUDA_HOME, /usr/local/cuda or beside an nvcc on PATH");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> MakeCudaBackend(const proto::Devices& devices) { return NoCuda(); }
absl::StatusOr<JobDevices> MakeCudaDevices(int count, const DevicesHere& here) { return NoCuda(); }
absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeCudaMeeting(absl::Span<Device* const> members) { return NoCuda(); }
absl::StatusOr<std::unique_ptr<RemoteTransport>> MakeCudaRemote(const JobDevices& made, const RemoteOptions& options) {
  return NoCuda();
}
absl::StatusOr<std::string> DescribeGpus() { return NoCuda(); }
int GpusHere() { return 0; }

}  // namespace baton
