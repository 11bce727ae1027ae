// Whose time the step's time is: the critical path's length shared out to chunks, links, sums and the host. The counts
// are at the same time the derivative of the step's time by each cost. Used by simulate, explain and whatif.
#ifndef BATON_SCHEDULES_ANALYZE_BLAME_H_
#define BATON_SCHEDULES_ANALYZE_BLAME_H_

#include <array>
#include <string>
#include <vector>

#include "schedules/analyze/critical_path.h"
#include "schedules/program/kind.h"
#include "schedules/program/program.h"

namespace baton {

// How long, and how many times, something ran on the critical path.
struct PathPart {
  Nanos time = 0;
  int64_t count = 0;
};

struct ChunkBlame {
  std::array<PathPart, kNumKinds> parts;  // [Kind]: Load, forward, the backwards and Update
  const PathPart& Of(Kind kind) const { return parts[static_cast<int>(kind)]; }
  PathPart Total() const;
};

// The transfers from one device to another, between a chunk and the next one.
struct LinkBlame {
  int32_t from = 0;
  int32_t to = 0;
  int32_t chunk = 0;  // the earlier of the two chunks: the index into CostModel::link_ns
  PathPart carried;   // counts latencies
  int64_t holds = 0;  // counts how often its bytes held the link
  Nanos queued = 0;   // both sides were ready, but the link carried others
};

// All times add up to the step's.
struct Blame {
  Nanos step_time = 0;
  std::vector<ChunkBlame> chunks;
  std::vector<LinkBlame> links;  // those on the path, ascending by from, to, chunk
  PathPart reduce;
  Nanos dispatch = 0;  // all was there, but the host had not come round yet; zero in simulations
  PathPart Transfers() const;
};

// `path` is CriticalPath's, of `program`.
Blame BlameOf(const Program& program, const std::vector<PathSegment>& path);

// The shares of the step's time that are at least 0.05 %, the largest first, at most `most` of them and the rest in
// one, as
//   chunk 3 41.0 %, chunk 0 22.1 %, transfers 3.0 %, 2 others 0.4 %
std::string DescribeShares(const Blame& blame, size_t most);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_BLAME_H_
