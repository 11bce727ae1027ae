// A lower bound on the objective of every order. Used by search.cc for the certificate of the order that it found.
#ifndef BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
#define BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_

#include "schedules/search/search_problem.h"

namespace baton {

// No order within the limits has a smaller objective. The bound is the largest over all devices of the best preemptive
// schedule of the device's passes between their heads and tails (one_machine.h, heads_and_tails.h). `problem` must have
// limits that CheckFeasible accepts. Time: devices · (passes of a device)².
// Source: Carlier 1982, The One-Machine Sequencing Problem.
Nanos LowerBound(const SearchProblem& problem);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
