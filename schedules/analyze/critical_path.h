// The critical path of a step: the chain of instructions, each begun as the one before let it, that ends with the last
// instruction of all. Shortening anything that is not on it shortens nothing. Used for blame, gradients and pictures.
#ifndef BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_
#define BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_

#include <vector>

#include "schedules/analyze/dependencies.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// A stretch of the path.
struct PathSegment {
  // What ran; for a gap, what began after it.
  InstructionRef ref;
  Nanos begin = 0;
  Nanos end = 0;
  // True where nothing on the path ran: all that `ref` waited for was there but it had not begun. For compute that is
  // the host's dispatch, for a transfer a link that carried others.
  bool is_gap = false;
  // Of a transfer that another one waited for on their link: without its latency, in which the link is free again.
  bool without_latency = false;
};

// From the beginning of the step to its end without holes, so that the segments' lengths add up to the step's time.
// Where several paths are equally long, one of them. One walk backward, linear in the path's length.
// A transfer has one segment; where it goes through a buffer, that is its Send's. `costs`: what the trace was simulated
// with, so that who waited for whose turn on a link is known; null: a measured trace, in which that is part of a
// transfer's own time.
std::vector<PathSegment> CriticalPath(const Program& program, const Dependencies& dependencies, const Trace& trace,
                                      const CostModel* costs = nullptr);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_
