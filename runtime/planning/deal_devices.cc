// Evenly, or as devices.per_process says.
#include "runtime/planning/deal_devices.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace baton {
namespace {

// Whether each process gets whole stages.
bool AreWhole(const proto::Devices& devices, int num_members, int count, int num_processes) {
  if (devices.per_process().empty()) return num_processes <= count;
  return std::all_of(devices.per_process().begin(), devices.per_process().end(),
                     [&](int each) { return each % num_members == 0; });
}

// Whether each process gets an equal part of a stage.
bool AreParts(const proto::Devices& devices, int num_members, int count, int num_processes) {
  const int total = num_members * count;
  if (num_processes % count != 0 || total % num_processes != 0) return false;
  return std::all_of(devices.per_process().begin(), devices.per_process().end(),
                     [&](int each) { return each == total / num_processes; });
}

// How the devices could be dealt, for messages.
std::string DescribeWays(int num_members, int count) {
  return absl::StrCat("each process needs whole stages of ", num_members,
                      " devices, or all of them an equal part of a stage, as ", num_members * count, " processes have");
}

absl::Status CheckParts(const proto::Devices& devices, int num_members, int count, int num_processes) {
  const int total = num_members * count;
  if (num_processes > total) {
    return absl::InvalidArgumentError(absl::StrCat("devices.count: ", total, " for ", num_processes,
                                                   " processes, which need a device each; start at most ", total));
  }
  if (!AreParts(devices, num_members, count, num_processes)) {
    const std::string given =
        devices.per_process().empty()
            ? absl::StrCat(num_processes, " processes")
            : absl::StrCat("devices.per_process: [", absl::StrJoin(devices.per_process(), ", "), "]");
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.tensor: ", num_members, " with ", given, ": ", DescribeWays(num_members, count)));
  }
  if (devices.backend() == proto::Devices::HOST) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "parallel.tensor: ", num_members, " with devices.backend: ", proto::Devices::Backend_Name(devices.backend()),
      ": the devices of a stage must be in one process; start at most ", count));
}

}  // namespace

absl::StatusOr<DealtDevices> DealMembers(const proto::Devices& devices, int num_members, int count, int num_processes) {
  if (num_processes == 1) return DealtDevices(num_members, std::vector<int>(count, 0));
  const bool is_given = !devices.per_process().empty();
  if (is_given && devices.per_process_size() != num_processes) {
    return absl::InvalidArgumentError(absl::StrCat("devices.per_process: has ", devices.per_process_size(),
                                                   " entries, but the run has ", num_processes, " processes"));
  }
  DealtDevices dealt(num_members);
  if (AreWhole(devices, num_members, count, num_processes)) {
    for (int rank = 0; rank < num_processes; ++rank) {
      const int even = count / num_processes + (rank < count % num_processes ? 1 : 0);
      dealt[0].insert(dealt[0].end(), is_given ? devices.per_process(rank) / num_members : even, rank);
    }
    return DealtDevices(num_members, dealt[0]);
  }
  BATON_RETURN_IF_ERROR(CheckParts(devices, num_members, count, num_processes));
  const int processes_each = num_processes / count, members_each = num_members / processes_each;
  for (int member = 0; member < num_members; ++member) {
    for (int device = 0; device < count; ++device) {
      dealt[member].push_back(device * processes_each + member / members_each);
    }
  }
  return dealt;
}

absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int num_members, int count,
                                             int num_processes) {
  BATON_ASSIGN_OR_RETURN(const DealtDevices dealt, DealMembers(devices, num_members, count, num_processes));
  return dealt.front();
}

DealtMembers MembersOf(const DealtDevices& dealt, int rank) {
  DealtMembers members = {0, 0};
  for (int member = 0; member < static_cast<int>(dealt.size()); ++member) {
    if (!std::binary_search(dealt[member].begin(), dealt[member].end(), rank)) continue;
    if (members.count++ == 0) members.first = member;
  }
  return members;
}

}  // namespace baton
