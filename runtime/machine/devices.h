// From a job's `devices` to what computes: the backend, the devices and the transport between them. The one place where
// training meets kinds of devices. Used by training sessions and by the commands that profile a job.
#ifndef BATON_RUNTIME_MACHINE_DEVICES_H_
#define BATON_RUNTIME_MACHINE_DEVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/device/device.h"
#include "runtime/transport/member_meeting.h"
#include "runtime/transport/remote_transport.h"
#include "runtime/transport/store.h"
#include "runtime/transport/transport.h"

namespace baton {

// The transport borrows the devices, so it is declared last and destroyed first.
struct JobDevices {
  std::vector<std::unique_ptr<Device>> devices;  // [index]; null for those of other processes
  std::unique_ptr<Transport> transport;

  std::vector<Device*> Pointers() const;
};

// The backend that makes the layers. Needs no device. Errors: Unavailable if this build has no such backend.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const proto::Devices& devices);

// The backend whose layers tell sizes and FLOPs for predictions: that of MakeBackend, or, if HOST stands in for a
// device that devices.device names, one whose activations have the bits of devices.precision there. Errors: those of
// MakeBackend.
absl::StatusOr<std::unique_ptr<Backend>> MakePlanningBackend(const proto::Devices& devices);

// Errors: Unavailable "devices.backend: …" if this build or this machine has no such device, or if a HOST device has
// more threads than the machine has cores.
absl::Status CheckDevices(const proto::Devices& devices);

// The devices of one process among `count` devices of a run.
struct DevicesHere {
  int begin = 0;
  int end = 0;      // one behind the last one
  int on_host = 0;  // of all processes on this host
  // With parallel.tensor: they are those of one member, and as many others have devices of the same numbers.
  int num_members = 1;
  int member = 0;
};

// Makes those devices of `count` that are in this process; several may share one GPU. Device n of member m is on GPU
// n · num_members + m, modulo the number of GPUs. Errors: as CheckDevices.
absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count, const DevicesHere& here);
// All of them.
absl::StatusOr<JobDevices> MakeDevices(const proto::Devices& devices, int count);

// The meeting of a tensor-parallel group. `members[m]`: the device of member m, made from the same `devices`. Errors:
// those of CudaMemberMeeting.
absl::StatusOr<std::unique_ptr<MemberMeeting>> MakeMemberMeeting(const proto::Devices& devices,
                                                                 absl::Span<Device* const> members);

// How a process finds the others of its run.
struct RemoteOptions {
  int rank = 0;
  std::vector<int> rank_of_device;
  Store* store = nullptr;
  std::string key_prefix;  // of the store's keys
};

// The transport between devices of this process, `made`, and those of others; null for HOST devices, which Gloo serves.
// Errors: those of NcclTransport.
absl::StatusOr<std::unique_ptr<RemoteTransport>> MakeRemoteTransport(const proto::Devices& devices,
                                                                     const JobDevices& made,
                                                                     const RemoteOptions& options);

// How many processors the devices share on this machine: its cores for HOST, its GPUs for CUDA; 0 without a GPU.
int ProcessorsHere(const proto::Devices& devices);

// The devices for messages, for example "1 × NVIDIA H200, 139.8 GiB"; empty for the host.
std::string DescribeDevices(const proto::Devices& devices);

// A sentence if this machine computes in another precision than devices.precision; else empty.
std::string NoteOnPrecision(const proto::Devices& devices);

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_DEVICES_H_
