// Memory of devices.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tests/conformance/devices/conformance_case.h"

namespace baton {
namespace {

constexpr Bytes kBytes = 100'001;
constexpr Bytes kTooMany = Bytes{1} << 60;

bool IsAligned(const std::byte* memory) { return reinterpret_cast<uintptr_t>(memory) % kBufferAlignment == 0; }

void ArenasAreZeroed(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Device& device = *machine.devices[0];
  CONFORM(device.index() == 0);
  std::byte* const arena = device.CreateArena(kBytes).value();
  std::byte* const second = device.CreateArena(kBytes).value();
  CONFORM((second + kBytes <= arena || arena + kBytes <= second));
  for (std::byte* each : {arena, second}) {
    CONFORM(IsAligned(each));
    std::vector<std::byte> read(kBytes, std::byte{7});
    CONFORM_OK(device.CopyFromArena(read.data(), each, kBytes));
    CONFORM(std::count(read.begin(), read.end(), std::byte{0}) == kBytes);
  }
}

void CopiesGoBothWays(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Device& device = *machine.devices[0];
  std::byte* const arena = device.CreateArena(kBytes).value();
  std::vector<std::byte> written(kBytes), read(kBytes);
  for (Bytes i = 0; i < kBytes; ++i) written[i] = static_cast<std::byte>(31 * i);
  CONFORM_OK(device.CopyToArena(arena, written.data(), kBytes));
  CONFORM_OK(device.CopyFromArena(read.data(), arena, kBytes));
  CONFORM(read == written);
  if (device.arena_is_shared()) CONFORM(std::memcmp(arena, written.data(), kBytes) == 0);
}

void EmptyArenasHaveAddresses(Context& context) {
  MachineUnderTest machine = context.Make(1);
  CONFORM(machine.devices[0]->CreateArena(0).value() != nullptr);
  CONFORM(machine.devices[0]->CreateShared(0).value() != nullptr);
}

void SharedMemoryIsTheHosts(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Device& device = *machine.devices[0];
  std::byte* const first = device.CreateShared(8).value();
  first[7] = std::byte{9};
  std::byte* const second = device.CreateShared(kBytes).value();
  CONFORM(IsAligned(second));
  CONFORM(std::count(second, second + kBytes, std::byte{0}) == kBytes);
  CONFORM(first[7] == std::byte{9});
}

void TooMuchMemoryIsRefused(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Device& device = *machine.devices[0];
  CONFORM(device.CreateArena(kTooMany).status().code() == absl::StatusCode::kResourceExhausted);
  CONFORM(device.CreateShared(kTooMany).status().code() == absl::StatusCode::kResourceExhausted);
  CONFORM(device.CreateArena(kBytes).ok());  // the device is usable as before
}

}  // namespace

std::vector<ConformanceCase> DeviceCases() {
  return {
      {"arenas are zeroed, aligned and apart", ArenasAreZeroed},
      {"copies go both ways between host and arena", CopiesGoBothWays},
      {"empty memory has an address", EmptyArenasHaveAddresses},
      {"shared memory is zeroed, aligned and the host's to write", SharedMemoryIsTheHosts},
      {"too much memory is refused as ResourceExhausted", TooMuchMemoryIsRefused},
  };
}

}  // namespace baton
