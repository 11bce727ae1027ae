// Sums over the segments of a path.
#include "schedules/analyze/blame.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "schedules/program/form/describe.h"
#include "schedules/trace/core_time.h"

namespace baton {

namespace {

// The link of a transfer of `device`, without times.
LinkBlame LinkOf(int32_t device, const Operation& operation) {
  LinkBlame link;
  Payload payload = Payload::kActivation;
  if (const Send* send = std::get_if<Send>(&operation)) {
    link = {device, send->peer, send->chunk, {}, 0, 0};
    payload = send->payload;
  } else if (const Recv* recv = std::get_if<Recv>(&operation)) {
    // The chunk before sends it an activation, the chunk after it a gradient.
    link = {recv->peer, device, recv->chunk + (recv->payload == Payload::kActivation ? -1 : 1), {}, 0, 0};
    payload = recv->payload;
  }
  if (payload == Payload::kGradient) --link.chunk;
  return link;
}

}  // namespace

PathPart ChunkBlame::Total() const {
  PathPart total;
  for (const PathPart& part : parts) {
    total.time += part.time;
    total.count += part.count;
  }
  return total;
}

PathPart Blame::Transfers() const {
  PathPart total;
  for (const LinkBlame& link : links) {
    total.time += link.carried.time + link.queued;
    total.count += link.carried.count;
  }
  return total;
}

Blame BlameOf(const Program& program, const std::vector<PathSegment>& path, const Trace& trace) {
  const std::optional<CoreTime> core_time = CoreTimeOf(program, trace);
  Blame blame;
  blame.core_noun = trace.cores.Noun();
  blame.chunks.resize(program.num_chunks);
  std::map<std::tuple<int32_t, int32_t, int32_t>, LinkBlame> links;
  for (const PathSegment& segment : path) {
    const Operation& operation = program.devices[segment.ref.device].instructions[segment.ref.instruction].operation;
    const Kind kind = KindOf(operation);
    const Nanos time = segment.end - segment.begin;
    blame.step_time += time;
    if (IsTransfer(kind)) {
      const LinkBlame of = LinkOf(segment.ref.device, operation);
      LinkBlame& link = links.try_emplace({of.from, of.to, of.chunk}, of).first->second;
      if (segment.is_gap) {
        link.queued += time;
      } else {
        link.carried.time += time;
        if (!segment.without_latency) ++link.carried.count;
        ++link.occupations;
      }
    } else if (segment.is_gap) {
      blame.dispatch += time;
    } else {
      const int chunk = ChunkOf(operation);
      PathPart& part = chunk < 0 ? blame.reduce : blame.chunks[chunk].parts[static_cast<int>(kind)];
      const Nanos own = core_time ? std::min(time, core_time->Of(segment.ref.device, segment.ref.instruction)) : time;
      part.time += own;
      ++part.count;
      blame.core += time - own;
    }
  }
  for (const auto& entry : links) blame.links.push_back(entry.second);
  return blame;
}

std::string DescribeShares(const Blame& blame, size_t most) {
  if (blame.step_time == 0) return "nothing takes any time";
  std::vector<std::pair<Nanos, std::string>> shares;
  for (size_t chunk = 0; chunk < blame.chunks.size(); ++chunk) {
    shares.emplace_back(blame.chunks[chunk].Total().time, absl::StrCat("chunk ", chunk));
  }
  shares.emplace_back(blame.Transfers().time, "transfers");
  shares.emplace_back(blame.reduce.time, "sums over devices");
  shares.emplace_back(blame.dispatch, "the host's dispatch");
  shares.emplace_back(blame.core, absl::StrCat("waiting for a ", blame.core_noun));
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  // Below 0.05 % the percentage would read 0.0 %.
  while (!shares.empty() && shares.back().first * 2000 < blame.step_time) shares.pop_back();
  if (shares.size() > most + 1) {
    Nanos rest = 0;
    for (size_t i = most; i < shares.size(); ++i) rest += shares[i].first;
    const size_t others = shares.size() - most;
    shares.resize(most);
    shares.emplace_back(rest, absl::StrCat(others, " others"));
  }
  std::string text;
  for (const auto& [time, name] : shares) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", name, " ",
                    FormatPercent(static_cast<double>(time) / static_cast<double>(blame.step_time)));
  }
  return text;
}

}  // namespace baton
