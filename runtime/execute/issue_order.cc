// Moves transfers up to just behind the last compute instruction that they wait for.
#include "runtime/execute/issue_order.h"

#include <algorithm>

namespace baton {

IssueOrder MakeIssueOrder(const DeviceProgram& program, int num_devices) {
  const auto num_instructions = static_cast<int32_t>(program.instructions.size());
  // Lanes: compute, then a send and a receive lane for each peer, then one for each group. For each lane: its last
  // instruction, and the compute instruction behind which its next one may go.
  const size_t first_group = 1 + 2 * static_cast<size_t>(num_devices);
  size_t num_lanes = first_group;
  for (const Instruction& instruction : program.instructions) {
    num_lanes = std::max(num_lanes, first_group + static_cast<size_t>(GroupOf(instruction.operation) + 1));
  }
  std::vector<int32_t> last_of_lane(num_lanes, -1);
  std::vector<int32_t> anchor_of_lane(num_lanes, -1);
  auto lane_of = [&](const Operation& operation) -> size_t {
    if (const auto* send = std::get_if<Send>(&operation)) return 1 + static_cast<size_t>(send->peer);
    if (const auto* recv = std::get_if<Recv>(&operation)) return 1 + static_cast<size_t>(num_devices + recv->peer);
    if (IsCollective(operation)) return first_group + static_cast<size_t>(GroupOf(operation));
    return 0;
  };

  IssueOrder order;
  order.lane_predecessor.resize(num_instructions);
  // behind[c + 1]: the transfers that follow compute instruction c; for c = −1, those that come first. Collectives
  // follow them in `collectives`.
  std::vector<std::vector<int32_t>> behind(num_instructions + 1);
  std::vector<std::vector<int32_t>> collectives(num_instructions + 1);
  int32_t last_compute = -1;
  for (int32_t index = 0; index < num_instructions; ++index) {
    const Instruction& instruction = program.instructions[index];
    const size_t lane = lane_of(instruction.operation);
    order.lane_predecessor[index] = last_of_lane[lane];
    last_of_lane[lane] = index;
    if (IsCompute(instruction.operation)) {
      last_compute = index;
      continue;
    }
    if (IsCollective(instruction.operation)) {
      collectives[last_compute + 1].push_back(index);
      continue;
    }
    for (int32_t wait : program.WaitsOf(instruction)) anchor_of_lane[lane] = std::max(anchor_of_lane[lane], wait);
    behind[anchor_of_lane[lane] + 1].push_back(index);
  }

  const auto append_behind = [&](int32_t index) {
    for (const auto* list : {&behind, &collectives}) {
      const std::vector<int32_t>& of_index = (*list)[index + 1];
      order.instructions.insert(order.instructions.end(), of_index.begin(), of_index.end());
    }
  };
  append_behind(-1);
  for (int32_t index = 0; index < num_instructions; ++index) {
    if (!IsCompute(program.instructions[index].operation)) continue;
    order.instructions.push_back(index);
    append_behind(index);
  }
  return order;
}

}  // namespace baton
