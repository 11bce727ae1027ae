// Makes the devices that are here, and connects them.
#include "runtime/train/run_devices.h"

#include <algorithm>
#include <numeric>

#include "base/status.h"

namespace baton {

absl::StatusOr<std::unique_ptr<RunDevices>> RunDevices::Create(const proto::Devices& devices, int count,
                                                               const MemberOfRun& member, Control& control) {
  std::unique_ptr<RunDevices> made(new RunDevices);
  BATON_ASSIGN_OR_RETURN(made->dealt_, DealMembers(devices, member.num_members, count, control.size()));
  const std::string& host = control.members()[control.rank()].host();
  made->members_on_host_.resize(count, 0);
  for (const std::vector<int>& ranks_of_member : made->dealt_) {
    for (int device = 0; device < count; ++device) {
      made->members_on_host_[device] += control.members()[ranks_of_member[device]].host() == host ? 1 : 0;
    }
  }
  const std::vector<int>& ranks = made->dealt_[member.member];
  const auto [begin, end] = std::equal_range(ranks.begin(), ranks.end(), control.rank());
  made->here_.begin = static_cast<int>(begin - ranks.begin());
  made->here_.end = static_cast<int>(end - ranks.begin());
  made->here_.on_host = std::accumulate(made->members_on_host_.begin(), made->members_on_host_.end(), 0);
  made->here_.num_members = member.num_members;
  made->here_.member = member.member;
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
