// The critical path of a step: the chain of instructions that ends with the last one of the step and in which each
// instruction started because the one before released it. Shortening an instruction that is not on it does not shorten
// the step. Used for blame, cost derivatives and pictures.
//
//   const Dependencies dependencies(program, transport);
//   for (const PathSegment& segment : CriticalPath(program, dependencies, trace)) …
#ifndef BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_
#define BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_

#include <vector>

#include "schedules/analyze/dependencies.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// A stretch of the path. Times in nanoseconds since the step began.
struct PathSegment {
  InstructionRef ref;  // the instruction that ran; for a gap, the one that started after it
  Nanos begin = 0;
  Nanos end = 0;
  // True where no instruction of the path ran: the waits of `ref` were over but it had not started. The cause is the
  // host's dispatch for compute, and a link that carried other transfers for a transfer.
  bool is_gap = false;
  // True for a transfer that the next one on the path waited for on their link. The segment then ends when the bytes
  // have left the link, before the latency.
  bool without_latency = false;
};

// Segments from the beginning of the step to its end without holes; their lengths add up to the step's time. If several
// paths are equally long, returns one of them. Linear in the path's length.
//
// A transfer has one segment; if it is buffered, the segment is its Send's. `costs`: the costs that the trace was
// simulated with, from which turns on links are found. Null for a measured trace: waiting for a turn is then part of a
// transfer's own time.
std::vector<PathSegment> CriticalPath(const Program& program, const Dependencies& dependencies, const Trace& trace,
                                      const CostModel* costs = nullptr);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_CRITICAL_PATH_H_
