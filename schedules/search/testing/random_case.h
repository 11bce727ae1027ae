// Random requests for the tests of the search: sizes, costs, links, limits and placements of every kind; and what
// Search says of a request that it refuses.
#ifndef BATON_SCHEDULES_SEARCH_TESTING_RANDOM_CASE_H_
#define BATON_SCHEDULES_SEARCH_TESTING_RANDOM_CASE_H_

#include <random>
#include <string>

#include "schedules/search/search.h"

namespace baton {

struct SearchCase {
  OrderRequest request = {1, 1};
  CostModel costs;
  SearchOptions options;
};

// A random case with 1 to `most_stages` devices, and so on. Its limits start at the smallest feasible one, hold for all
// devices or for each, and are in micro-batches or bytes. It makes 100 moves.
SearchCase RandomCase(int most_stages, int most_micro_batches, int most_chunks, std::mt19937& random);

std::string ToString(const SearchCase& which);

// The message with which Search refuses the case as InvalidArgument; otherwise its whole status.
std::string RefusalOf(const SearchCase& which);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_TESTING_RANDOM_CASE_H_
