// Counts arrivals; see meetings.h.
#include "schedules/program/walk/meetings.h"

#include <algorithm>

#include "schedules/program/walk/participants.h"

namespace baton {

Meetings::Meetings(const Program& program) : groups_(program.reduce_groups.size()) {
  for (size_t group = 0; group < groups_.size(); ++group) {
    groups_[group].participants = ParticipantsOf(program, static_cast<int>(group));
    groups_[group].arrived.resize(groups_[group].participants.size());
  }
}

const std::vector<InstructionRef>* Meetings::Arrive(InstructionRef ref, int32_t group) {
  Group& own = groups_[group];
  const auto participant = std::lower_bound(own.participants.begin(), own.participants.end(), ref.device);
  if (participant == own.participants.end() || *participant != ref.device) return nullptr;
  std::vector<int32_t>& arrived = own.arrived[participant - own.participants.begin()];
  arrived.push_back(ref.instruction);
  if (arrived.size() != own.num_met + 1 || ++own.num_next < own.participants.size()) return nullptr;
  met_.clear();
  for (size_t i = 0; i < own.participants.size(); ++i) {
    met_.push_back({own.participants[i], own.arrived[i][own.num_met]});
  }
  ++own.num_met;
  own.num_next = std::count_if(own.arrived.begin(), own.arrived.end(),
                               [&](const std::vector<int32_t>& each) { return each.size() > own.num_met; });
  return &met_;
}

}  // namespace baton
