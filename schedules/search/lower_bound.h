// A lower bound on the objective of every order. Used by search.cc for the certificate of the order that it found.
#ifndef BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
#define BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_

#include "schedules/search/search_problem.h"
#include "schedules/search/timing.h"

namespace baton {

// `problem` with recomputations that take no time: they run at any time between their forward and their backward-input,
// and are on no path through the backward-inputs.
SearchProblem WithoutRecompute(SearchProblem problem);

// No order within the limits has a smaller objective. The largest over all devices of the best preemptive schedule of
// the device's passes between their heads and tails (one_machine.h, heads_and_tails.h). `problem` must have limits that
// CheckFeasible accepts. Time: devices · (passes of a device)².
// Source: Carlier 1982, The One-Machine Sequencing Problem.
Nanos WindowBound(const SearchProblem& problem);

// The same, or more: also the bounds of the devices' diagrams (device_diagram.h), as many of them as a fixed number of
// steps allows, some 70 ms. `known`: the objective of an order within the limits, which the result never exceeds; a
// smaller one makes the diagrams smaller.
Nanos LowerBound(const SearchProblem& problem, Nanos known = kNever);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LOWER_BOUND_H_
