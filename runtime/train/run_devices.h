// The devices of this process, and the transport that connects them with each other and with those of the other
// processes of the run. Used by training sessions.
//
//   BATON_ASSIGN_OR_RETURN(auto devices, RunDevices::Create(job.devices(), program.num_devices(), {}, control));
//   options.devices = devices->Pointers();               // ExecutorOptions
//   options.transport = &devices->transport();
#ifndef BATON_RUNTIME_TRAIN_RUN_DEVICES_H_
#define BATON_RUNTIME_TRAIN_RUN_DEVICES_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/deal_devices.h"
#include "runtime/process/control.h"
#include "runtime/train/process_transport.h"

namespace baton {

// Whose devices they are: those of one member of tensor-parallel groups (parallel.tensor). The default: of all layers.
struct MemberOfRun {
  int num_members = 1;  // all share the cores or the GPUs of the machine
  int member = 0;
};

// Thread contract: one thread at a time. Borrows the control plane.
class RunDevices {
 public:
  // All processes of the run call it at the same time. `count`: the devices of the program. Errors: those of
  // DealMembers, MakeDevices and the control plane. The member must have a device here.
  static absl::StatusOr<std::unique_ptr<RunDevices>> Create(const proto::Devices& devices, int count,
                                                            const MemberOfRun& member, Control& control);

  // [device]; null for those of other processes.
  std::vector<Device*> Pointers() const { return devices_.Pointers(); }
  Device& FirstHere() const { return *devices_.devices[here_.begin]; }
  // See DealMembers.
  const DealtDevices& dealt() const { return dealt_; }
  // [device]: the process of member 0, whichever member these are of.
  const std::vector<int>& rank_of_device() const { return dealt_.front(); }
  // How many members of a device's group are on this host, whatever their process.
  int MembersOnHost(int device) const { return members_on_host_[device]; }
  Transport& transport() const { return processes_ != nullptr ? processes_->transport() : *devices_.transport; }

  // Null in a run of one process.
  ProcessTransport* processes() const { return processes_.get(); }

 private:
  RunDevices() = default;

  JobDevices devices_;
  DevicesHere here_;
  DealtDevices dealt_;
  std::vector<int> members_on_host_;             // [device]
  std::unique_ptr<ProcessTransport> processes_;  // null in a run of one process
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_RUN_DEVICES_H_
