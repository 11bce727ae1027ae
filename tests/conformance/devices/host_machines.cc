// Devices of the host with the local transport.
#include "runtime/device/host/host_device.h"
#include "runtime/transport/local/local_transport.h"
#include "tests/conformance/devices/machine_under_test.h"

namespace baton {
namespace {

// Even seeds sleep at once, odd ones poll first; every other pair of seeds backs memory only when it is used.
MachineUnderTest MakeHosts(int num_devices, int seed) {
  HostDeviceOptions options;
  options.spin_ns = seed % 2 == 0 ? 0 : 5'000;
  options.touch_arena = seed / 2 % 2 == 0;
  MachineUnderTest machine;
  for (int index = 0; index < num_devices; ++index) {
    machine.devices.push_back(HostDevice::Create(index, options).value());
  }
  machine.transport = std::make_unique<LocalTransport>();
  return machine;
}

}  // namespace

std::vector<KindUnderTest> KindsUnderTest() {
  KindUnderTest host;
  host.name = "host";
  host.abilities = {Ability::kSums, Ability::kWithdraw};
  host.num_seeds = 4;
  host.make = MakeHosts;
  return {host};
}

}  // namespace baton
