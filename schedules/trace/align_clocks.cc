// Each transfer between two clocks bounds the difference of their shifts. Shortest paths satisfy all such bounds
// (Bellman and Ford); real clocks can satisfy them, so the paths have no negative cycle.
#include "schedules/trace/align_clocks.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace baton {
namespace {

using Lane = std::pair<int, int>;  // from a device to a device

// [from clock, to clock]: the least time from when a Send was ready to the end of its Recv.
std::map<std::pair<int, int>, Nanos> FindSlacks(const Program& program, const std::vector<int>& clock_of_device,
                                                const Trace& trace) {
  std::map<Lane, std::vector<Nanos>> ready;  // of the Sends of a lane, in order
  for (int device = 0; device < program.num_devices(); ++device) {
    const std::vector<Instruction>& instructions = program.devices[device].instructions;
    for (size_t i = 0; i < instructions.size(); ++i) {
      const auto* send = std::get_if<Send>(&instructions[i].operation);
      if (send == nullptr || clock_of_device[device] == clock_of_device[send->peer]) continue;
      ready[{device, send->peer}].push_back(trace.devices[device][i].ready);
    }
  }
  std::map<std::pair<int, int>, Nanos> slacks;
  std::map<Lane, size_t> next;
  for (int device = 0; device < program.num_devices(); ++device) {
    const std::vector<Instruction>& instructions = program.devices[device].instructions;
    for (size_t i = 0; i < instructions.size(); ++i) {
      const auto* recv = std::get_if<Recv>(&instructions[i].operation);
      if (recv == nullptr || clock_of_device[device] == clock_of_device[recv->peer]) continue;
      const Lane lane = {recv->peer, device};
      const Nanos slack = trace.devices[device][i].end - ready[lane][next[lane]++];
      const std::pair<int, int> clocks = {clock_of_device[recv->peer], clock_of_device[device]};
      const auto [found, is_new] = slacks.emplace(clocks, slack);
      if (!is_new) found->second = std::min(found->second, slack);
    }
  }
  return slacks;
}

}  // namespace

std::vector<Nanos> AlignClocks(const Program& program, const std::vector<int>& clock_of_device, Trace& trace) {
  const int num_clocks = 1 + *std::max_element(clock_of_device.begin(), clock_of_device.end());
  const auto slacks = FindSlacks(program, clock_of_device, trace);
  std::vector<Nanos> shifts(num_clocks, 0);
  for (int round = 0; round < num_clocks; ++round) {
    for (const auto& [clocks, slack] : slacks) {
      const auto [from, to] = clocks;
      shifts[from] = std::min(shifts[from], shifts[to] + slack);
    }
  }
  const Nanos reference = shifts[0];
  for (Nanos& shift : shifts) shift -= reference;
  for (int device = 0; device < program.num_devices(); ++device) {
    ShiftTimes(shifts[clock_of_device[device]], trace.devices[device]);
  }
  return shifts;
}

}  // namespace baton
