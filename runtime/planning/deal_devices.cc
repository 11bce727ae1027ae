// Evenly, or as devices.per_process says.
#include "runtime/planning/deal_devices.h"

#include "absl/strings/str_cat.h"

namespace baton {

absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int num_members, int count,
                                             int num_processes) {
  for (int rank = 0; rank < devices.per_process_size(); ++rank) {
    if (devices.per_process(rank) % num_members == 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("devices.per_process[", rank, "]: ", devices.per_process(rank),
                                                   " must be a multiple of parallel.tensor: ", num_members,
                                                   ", whose devices are in one process"));
  }
  if (num_processes > count) {
    return absl::InvalidArgumentError(absl::StrCat("devices.count: ", count, " for ", num_processes,
                                                   " processes, which need a device each; start at most ", count));
  }
  const bool is_given = !devices.per_process().empty() && num_processes > 1;
  if (is_given && devices.per_process_size() != num_processes) {
    return absl::InvalidArgumentError(absl::StrCat("devices.per_process: has ", devices.per_process_size(),
                                                   " entries, but the run has ", num_processes, " processes"));
  }
  std::vector<int> rank_of_device;
  for (int rank = 0; rank < num_processes; ++rank) {
    const int even = count / num_processes + (rank < count % num_processes ? 1 : 0);
    rank_of_device.insert(rank_of_device.end(), is_given ? devices.per_process(rank) / num_members : even, rank);
  }
  return rank_of_device;
}

}  // namespace baton
