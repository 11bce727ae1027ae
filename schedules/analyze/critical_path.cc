// Walks back from the last end, each time to what released the instruction.
#include "schedules/analyze/critical_path.h"

#include <algorithm>
#include <optional>

#include "schedules/analyze/link_history.h"

namespace baton {
namespace {

// The instruction that ends last. Among equals, a compute instruction; among those, the last one of the first device.
InstructionRef LastOf(const Program& program, const Trace& trace) {
  InstructionRef last;
  Nanos end = -1;
  bool computes = false;
  for (int32_t device = 0; device < program.num_devices(); ++device) {
    const std::vector<Interval>& intervals = trace.devices[device];
    for (int32_t i = 0; i < static_cast<int32_t>(intervals.size()); ++i) {
      const bool is_compute = IsCompute(program.devices[device].instructions[i].operation);
      const bool is_better = is_compute && (!computes || last.device == device);
      if (intervals[i].end < end || (intervals[i].end == end && !is_better)) continue;
      last = {device, i};
      end = intervals[i].end;
      computes = is_compute;
    }
  }
  return last;
}

bool IsRecv(const Program& program, InstructionRef ref) {
  return std::holds_alternative<Recv>(program.devices[ref.device].instructions[ref.instruction].operation);
}

bool IsTransferAt(const Program& program, InstructionRef ref) {
  return IsTransfer(program.devices[ref.device].instructions[ref.instruction].operation);
}

}  // namespace

std::vector<PathSegment> CriticalPath(const Program& program, const Dependencies& dependencies, const Trace& trace,
                                      const CostModel* costs) {
  std::optional<LinkHistory> links;
  if (costs != nullptr) links.emplace(program, *costs, trace, dependencies.rendezvous());
  std::vector<PathSegment> path;
  InstructionRef ref = LastOf(program, trace);
  if (ref.instruction < 0) return path;
  auto at = [&trace](InstructionRef of) { return trace.devices[of.device][of.instruction]; };
  Nanos now = at(ref).end;
  bool runs = true;              // false: only the start of `ref` was waited for
  bool without_latency = false;  // only the link of `ref` was waited for
  while (ref.instruction >= 0) {
    if (runs && !dependencies.rendezvous() && IsRecv(program, ref)) {
      // A Recv from a buffer takes no time itself: its Send carried the data, or the data was in the buffer already.
      const InstructionRef send = dependencies.PeerOf(ref);
      runs = send.instruction >= 0 && at(send).end >= now;
      if (runs) ref = send;
    }
    if (runs && links && links->has_turns() && IsTransferAt(program, ref)) {
      const InstructionRef send = IsRecv(program, ref) ? dependencies.PeerOf(ref) : ref;
      const Nanos occupied_from = now - (without_latency ? 0 : links->LatencyOf(send)) - links->OccupationOf(send);
      const InstructionRef before =
          occupied_from > at(send).start ? links->WhoReleased(send, occupied_from) : InstructionRef{};
      if (before.instruction >= 0) {
        path.push_back({send, occupied_from, now, false, without_latency});
        now = occupied_from;
        ref = before;
        without_latency = true;
        continue;
      }
    }
    // Measured times of different devices may cross by a few nanoseconds.
    const Nanos start = std::clamp<Nanos>(at(ref).start, 0, now);
    if (runs) {
      path.push_back({ref, start, now, false, without_latency});
      now = start;
    }
    const Release release = dependencies.WhatReleased(trace, ref);
    const Nanos released = std::clamp<Nanos>(release.by.instruction < 0 ? 0 : release.at, 0, now);
    if (released < now) path.push_back({ref, released, now, true, false});
    now = released;
    ref = release.by;
    runs = !release.by_start;
    without_latency = false;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace baton
