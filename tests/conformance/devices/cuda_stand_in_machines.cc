// CUDA devices and NCCL on the stand-in, in many orders of work, on one GPU and on two.
#include "tests/conformance/devices/cuda_kinds.h"
#include "tests/cuda_stand_in/stand_in.h"

namespace baton {
namespace {

// Sets up the stand-in's GPUs before each case; device memory is closed to the host in every fourth.
KindUnderTest OnStandIn(KindUnderTest kind, int least_gpus) {
  kind.name += " (stand-in)";
  kind.num_seeds = 8;
  const auto make = kind.make;
  kind.make = [make, least_gpus](int num_devices, int seed) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(least_gpus + seed % 2);
    stand_in::SetWorkOrder(static_cast<uint64_t>(seed));
    stand_in::CloseDeviceMemory(seed % 4 == 3);
    MachineUnderTest machine = make(num_devices, seed);
    machine.machine = std::shared_ptr<void>(nullptr, [](void*) {
      stand_in::CloseDeviceMemory(false);
      stand_in::SetNumGpus(1);
    });
    return machine;
  };
  return kind;
}

}  // namespace

std::vector<KindUnderTest> KindsUnderTest() { return {OnStandIn(CudaKind(), 1), OnStandIn(NcclKind(), 4)}; }

}  // namespace baton
