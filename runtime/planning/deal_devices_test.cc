// Which process has which device.
#include "runtime/planning/deal_devices.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace baton {
namespace {

proto::Devices Host(const std::vector<int>& per_process = {}) {
  proto::Devices devices;
  devices.set_backend(proto::Devices::HOST);
  for (const int each : per_process) devices.add_per_process(each);
  return devices;
}

}  // namespace

TEST_CASE("processes get whole stages, or all of them an equal part of one") {
  CHECK(DealMembers(Host(), 2, 3, 1).value() == DealtDevices{{0, 0, 0}, {0, 0, 0}});
  CHECK(DealMembers(Host(), 2, 3, 2).value() == DealtDevices{{0, 0, 1}, {0, 0, 1}});
  CHECK(DealMembers(Host({2, 4}), 2, 3, 2).value() == DealtDevices{{0, 1, 1}, {0, 1, 1}});
  CHECK(DealMembers(Host(), 2, 2, 4).value() == DealtDevices{{0, 2}, {1, 3}});
  CHECK(DealMembers(Host({1, 1, 1, 1}), 2, 2, 4).value() == DealtDevices{{0, 2}, {1, 3}});
  CHECK(DealMembers(Host(), 4, 2, 4).value() == DealtDevices{{0, 2}, {0, 2}, {1, 3}, {1, 3}});
  CHECK(DealDevices(Host(), 4, 2, 4).value() == std::vector<int>{0, 2});
}

TEST_CASE("every process knows the members that it has devices of") {
  const DealtDevices dealt = DealMembers(Host(), 4, 2, 4).value();
  for (const int rank : {0, 1, 2, 3}) {
    CHECK(MembersOf(dealt, rank).first == rank % 2 * 2);
    CHECK(MembersOf(dealt, rank).count == 2);
  }
  const DealtDevices whole = DealMembers(Host(), 4, 2, 2).value();
  CHECK(MembersOf(whole, 1).first == 0);
  CHECK(MembersOf(whole, 1).count == 4);
}

TEST_CASE("other ways of dealing are one sentence") {
  struct Refused {
    proto::Devices devices;
    int num_members, count, num_processes;
    std::string message;
  };
  proto::Devices gpus;
  gpus.set_backend(proto::Devices::CUDA);
  const std::string ways =
      "each process needs whole stages of 4 devices, or all of them an equal part of a stage, as 8 processes have";
  const Refused refused[] = {
      {Host(), 1, 2, 3, "devices.count: 2 for 3 processes, which need a device each; start at most 2"},
      {Host(), 2, 2, 5, "devices.count: 4 for 5 processes, which need a device each; start at most 4"},
      {Host(), 4, 2, 3, "parallel.tensor: 4 with 3 processes: " + ways},
      {Host(), 4, 2, 6, "parallel.tensor: 4 with 6 processes: " + ways},
      {Host({2, 6}), 4, 2, 2, "parallel.tensor: 4 with devices.per_process: [2, 6]: " + ways},
      {Host({4, 4}), 4, 2, 4, "devices.per_process: has 2 entries, but the run has 4 processes"},
      {gpus, 4, 2, 4,
       "parallel.tensor: 4 with devices.backend: CUDA: the devices of a stage must be in one process; start at most 2"},
  };
  for (const Refused& each : refused) {
    CHECK(DealMembers(each.devices, each.num_members, each.count, each.num_processes).status().message() ==
          each.message);
  }
}

}  // namespace baton
