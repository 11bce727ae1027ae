// Makes the devices that are here, and connects them.
#include "runtime/train/run_devices.h"

#include <algorithm>

#include "base/status.h"
#include "runtime/planning/deal_devices.h"

namespace baton {

absl::StatusOr<std::unique_ptr<RunDevices>> RunDevices::Create(const proto::Devices& devices, int count,
                                                               const MemberOfRun& member, Control& control) {
  std::unique_ptr<RunDevices> made(new RunDevices);
  BATON_ASSIGN_OR_RETURN(made->rank_of_device_, DealDevices(devices, member.num_members, count, control.size()));
  const std::vector<int>& ranks = made->rank_of_device_;
  const std::string& host = control.members()[control.rank()].host();
  for (const int rank : ranks) made->is_on_host_.push_back(control.members()[rank].host() == host);
  const auto [begin, end] = std::equal_range(ranks.begin(), ranks.end(), control.rank());
  made->here_.begin = static_cast<int>(begin - ranks.begin());
  made->here_.end = static_cast<int>(end - ranks.begin());
  made->here_.on_host =
      static_cast<int>(std::count(made->is_on_host_.begin(), made->is_on_host_.end(), true)) * member.num_members;
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
