// Ends less latencies, link by link.
#include "schedules/analyze/link_history.h"

namespace baton {

LinkHistory::LinkHistory(const Program& program, const CostModel& costs, const Trace& trace, bool shares)
    : program_(program), costs_(costs), shares_(shares) {
  has_turns_ = costs.link_ns.empty() && (costs.bytes_per_ns > 0 || costs.inter.bytes_per_ns > 0);
  if (!has_turns_) return;
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
      if (!std::holds_alternative<Send>(instructions[i].operation)) continue;
      const InstructionRef send = {device, i};
      // A transfer that occupies the link for no time delays no other.
      if (OccupationOf(send) > 0) released_[KeyOf(send)].emplace(trace.devices[device][i].end - LatencyOf(send), send);
    }
  }
}

Nanos LinkHistory::OccupationOf(InstructionRef send) const {
  const Send& operation = SendAt(send);
  const ChunkCosts& chunk = costs_.chunks[operation.chunk];
  const Bytes bytes = operation.payload == Payload::kActivation ? chunk.output_bytes : chunk.input_bytes;
  return LinkOf(send).TransmitNanos(bytes);
}

std::pair<int, int> LinkHistory::KeyOf(InstructionRef send) const {
  const int to = SendAt(send).peer;
  const int from_node = costs_.NodeOf(send.device), to_node = costs_.NodeOf(to);
  // Nodes are negative, devices are not.
  return shares_ && from_node != to_node ? std::make_pair(-1 - from_node, -1 - to_node)
                                         : std::make_pair(send.device, to);
}

InstructionRef LinkHistory::WhoReleased(InstructionRef send, Nanos at) const {
  const auto link = released_.find(KeyOf(send));
  if (link == released_.end()) return {};
  const auto found = link->second.find(at);
  return found == link->second.end() ? InstructionRef{} : found->second;
}

}  // namespace baton
