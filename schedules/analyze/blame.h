// The critical path's time by chunk, link, collectives and host dispatch. The counts are also the derivative of the
// step's time by each cost. Used by simulate, explain and whatif.
#ifndef BATON_SCHEDULES_ANALYZE_BLAME_H_
#define BATON_SCHEDULES_ANALYZE_BLAME_H_

#include <array>
#include <string>
#include <vector>

#include "schedules/analyze/critical_path.h"
#include "schedules/program/kind.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// How long and how many times something ran on the critical path.
struct PathPart {
  Nanos time = 0;  // nanoseconds
  int64_t count = 0;
};

// Without the time for which compute waited for a core.
struct ChunkBlame {
  std::array<PathPart, kNumKinds> parts;  // [Kind]; zero for collectives and transfers
  const PathPart& Of(Kind kind) const { return parts[static_cast<int>(kind)]; }
  PathPart Total() const;
};

// The transfers from one device to another, between a chunk and the next one.
struct LinkBlame {
  int32_t from = 0;
  int32_t to = 0;
  int32_t chunk = 0;        // the earlier of the two chunks: the index into CostModel::link_ns
  PathPart carried;         // count: how many latencies are on the path
  int64_t occupations = 0;  // how often the bytes of a message that occupied the link are on the path
  Nanos queued = 0;         // both sides were ready, but the link carried other transfers
};

// All times add up to the step's time.
struct Blame {
  Nanos step_time = 0;
  std::vector<ChunkBlame> chunks;  // [chunk]
  std::vector<LinkBlame> links;    // those on the path, ascending by from, to, chunk
  PathPart reduce;                 // collectives, all groups
  Nanos dispatch = 0;  // all waits were over, but the host had not started the instruction yet; zero in simulations
  Nanos core = 0;      // compute that took turns on shared cores waited for one
  const char* core_noun = "core";  // SharedCores::Noun
  // All links: time carried and queued, number of latencies.
  PathPart Transfers() const;
};

// `path` is CriticalPath's, of `program` and `trace`.
Blame BlameOf(const Program& program, const std::vector<PathSegment>& path, const Trace& trace);

// The shares of the step's time, the largest first: at most `most` of them, then the sum of the others. Leaves out
// shares below 0.05 %. As
//   chunk 3 41.0 %, chunk 0 22.1 %, transfers 3.0 %, 2 others 0.4 %
std::string DescribeShares(const Blame& blame, size_t most);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_BLAME_H_
