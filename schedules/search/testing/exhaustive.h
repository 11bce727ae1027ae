// The best there is, found by trying everything: the oracle of the search's tests, for a few devices and micro-batches.
#ifndef BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_
#define BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_

#include "schedules/search/search_problem.h"

namespace baton {

// The smallest objective of all words within the limits, or `known` if none is smaller. Tries every interleaving, but
// leaves out what cannot come below `known` by work alone, and what is in nothing better than a state seen before with
// the same passes run.
Nanos BestObjective(const SearchProblem& problem, Nanos known);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_TESTING_EXHAUSTIVE_H_
