// Looks up the devices of a group's members in the placement.
#include "schedules/program/walk/participants.h"

#include <algorithm>

namespace baton {

std::vector<int32_t> DevicesOfMembers(const Program& program, int group) {
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  std::vector<int32_t> devices;
  for (const int32_t member : program.reduce_groups[group].members) {
    if (member >= 0 && static_cast<size_t>(member) < replicas.size()) devices.push_back(replicas[member].device);
  }
  return devices;
}

std::vector<int32_t> ParticipantsOf(const Program& program, int group) {
  std::vector<int32_t> devices = DevicesOfMembers(program, group);
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  return devices;
}

std::vector<std::vector<int32_t>> GroupsOfDevices(const Program& program) {
  std::vector<std::vector<int32_t>> groups(program.num_devices());
  for (int32_t group = 0; group < static_cast<int32_t>(program.reduce_groups.size()); ++group) {
    for (const int32_t device : ParticipantsOf(program, group)) groups[device].push_back(group);
  }
  return groups;
}

}  // namespace baton
