// The kinds of devices that the conformance suite of devices, streams, events, channels and collectives runs for.
//
// The suite is built once with each file that defines KindsUnderTest, since a program can link CUDA or its stand-in but
// not both. To add a kind of device, add such a file and a line in BUILD.bazel.
#ifndef BATON_TESTS_CONFORMANCE_DEVICES_MACHINE_UNDER_TEST_H_
#define BATON_TESTS_CONFORMANCE_DEVICES_MACHINE_UNDER_TEST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/transport/transport.h"

namespace baton {

// Devices with the transport between them. Members are destroyed in reverse: the transport, the devices, the machine.
struct MachineUnderTest {
  std::shared_ptr<void> machine;                 // what the devices need, for example the stand-in's GPUs; may be null
  std::vector<std::unique_ptr<Device>> devices;  // [index]
  std::unique_ptr<Transport> transport;
};

// Abilities that some kinds of devices lack. A case that needs a missing ability does not run.
// kWithdraw: a reset takes back what one side has posted.
enum class Ability { kGraphs, kSums, kWithdraw };

struct KindUnderTest {
  std::string name;
  std::vector<Ability> abilities;
  // How far DoneAt may be from the host's clock, in ns. 0: the host's clock itself.
  Nanos clock_slack_ns = 0;
  // How long after the later post a match may be noticed, and an error that a call cannot return be reported to the
  // transport's error sink, in ns. 0: at once, and calls return all errors.
  Nanos lateness_ns = 0;
  // Each case runs with seeds 0 to num_seeds − 1, which choose options or orders of work.
  int num_seeds = 1;
  std::function<MachineUnderTest(int num_devices, int seed)> make;
  // [name of a case] → why this kind fails it. A case listed here must fail.
  std::map<std::string, std::string> expected_failures = {};
  // Not empty: why this machine cannot run the kind. Nothing runs.
  std::string missing = {};
};

std::vector<KindUnderTest> KindsUnderTest();

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_DEVICES_MACHINE_UNDER_TEST_H_
