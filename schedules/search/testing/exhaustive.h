// The best objective, found by trying every order: the oracle of the search's tests for few devices and micro-batches.
#ifndef BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_
#define BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_

#include "schedules/search/search_problem.h"

namespace baton {

// Returns the smallest objective of all words within the limits, or `known` if none is smaller. Tries every
// interleaving except those whose remaining work alone exceeds `known`, and states that are in no way better than an
// earlier state with the same passes done.
Nanos BestObjective(const SearchProblem& problem, Nanos known);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_
