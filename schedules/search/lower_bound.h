// How short any order of a problem could be at best. Used by search.cc for the certificate beside what it found.
#ifndef BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
#define BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_

#include "schedules/search/search_problem.h"

namespace baton {

// No order within the limits has a smaller objective. For every pass a head, the earliest it can start, and a tail, the
// least time from its end until the objective; each the largest of what follows from
//
//   data      a path of passes and links through the other devices
//   sequence  passes of one kind of a chunk run one after the other
//   memory    a forward waits until enough was given back, which takes round trips through the devices behind
//   work      the passes that must precede (follow) it on its own device, each no earlier than its own head (tail)
//
// and then for each device the best preemptive schedule of its passes between their heads and tails, which is no longer
// than the best without preemption (Carlier 1982, The One-Machine Sequencing Problem; the bound of Jackson's preemptive
// schedule). Time: devices · (passes of a device)²; `work` is counted only in sum where that would be too many.
Nanos LowerBound(const SearchProblem& problem);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
