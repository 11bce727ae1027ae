// Shortens a word where its devices wait: they run later passes meanwhile. Used for the words that a search begins
// with.
#ifndef BATON_SCHEDULES_SEARCH_PULL_FORWARD_H_
#define BATON_SCHEDULES_SEARCH_PULL_FORWARD_H_

#include "schedules/search/search_problem.h"

namespace baton {

// Goes through time. A device runs the next pass of its word as soon as that can start. Until then it takes the first
// one of the next passes behind it that can start now, leaves the limits intact, and ends no later than the next pass
// can start; of the duration of the pass that is taken, the part `share` counts for that: with 0 it may delay the next
// pass by all of its duration.
//
//   word    F0 · · · I0 W0 F1       the device waits for I0
//   result  F0 F1 ·  I0 W0
//
// `word` must run to its end within the limits; so does the result. It need not be shorter. Time: linear in the number
// of passes.
Word PullForward(const SearchProblem& problem, const Word& word, double share);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_PULL_FORWARD_H_
