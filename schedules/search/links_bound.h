// A lower bound on the objective from the turns that transfers take on links. Used by search.cc for the certificate.
#ifndef BATON_SCHEDULES_SEARCH_LINKS_BOUND_H_
#define BATON_SCHEDULES_SEARCH_LINKS_BOUND_H_

#include "schedules/costs/costs.h"
#include "schedules/search/search_problem.h"

namespace baton {

// No order within the limits has a smaller objective, if transfers wait for each other on links as in the simulator: a
// link is a machine whose passes are its transfers, each between the end of the pass that sends and the start of the
// one that receives. Passes of other devices are assumed to wait for no link, so that the bound holds. INT64_MIN if no
// link has a bandwidth, and with measured transfers. `problem` is that of `costs`. Time: that of HeadsAndTails.
Nanos LinksBound(const SearchProblem& problem, const CostModel& costs);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_LINKS_BOUND_H_
