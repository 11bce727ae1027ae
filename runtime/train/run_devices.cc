// Makes the devices that are here, and connects them.
#include "runtime/train/run_devices.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// The counts of devices.per_process in groups of `num_members` devices.
absl::StatusOr<proto::Devices> InGroups(const proto::Devices& devices, int num_members) {
  proto::Devices groups = devices;
  for (int rank = 0; rank < devices.per_process_size(); ++rank) {
    if (devices.per_process(rank) % num_members != 0) {
      return absl::InvalidArgumentError(absl::StrCat("devices.per_process[", rank, "]: ", devices.per_process(rank),
                                                     " must be a multiple of parallel.tensor: ", num_members,
                                                     ", whose devices are in one process"));
    }
    groups.set_per_process(rank, devices.per_process(rank) / num_members);
  }
  return groups;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunDevices>> RunDevices::Create(const proto::Devices& devices, int count,
                                                               int num_members, Control& control) {
  std::unique_ptr<RunDevices> made(new RunDevices);
  BATON_ASSIGN_OR_RETURN(const proto::Devices groups, InGroups(devices, num_members));
  BATON_ASSIGN_OR_RETURN(made->rank_of_device_, DealDevices(groups, count, control.size()));
  const std::vector<int>& ranks = made->rank_of_device_;
  const std::string& host = control.members()[control.rank()].host();
  for (const int rank : ranks) made->is_on_host_.push_back(control.members()[rank].host() == host);
  const auto [begin, end] = std::equal_range(ranks.begin(), ranks.end(), control.rank());
  made->here_.begin = static_cast<int>(begin - ranks.begin());
  made->here_.end = static_cast<int>(end - ranks.begin());
  made->here_.on_host =
      static_cast<int>(std::count(made->is_on_host_.begin(), made->is_on_host_.end(), true)) * num_members;
  BATON_ASSIGN_OR_RETURN(made->devices_, MakeDevices(devices, count, made->here_));
  if (control.size() == 1) return made;
  const auto make_remote = [&](Store* store, const std::string& key_prefix) {
    return MakeRemoteTransport(devices, made->devices_, {control.rank(), ranks, store, key_prefix});
  };
  BATON_ASSIGN_OR_RETURN(made->processes_, ProcessTransport::Create(control, ranks, made->devices_.transport.get(),
                                                                    /*moves_data=*/true, make_remote));
  return made;
}

}  // namespace baton
