// Between compute orders and the words of the search. Used by starts.cc and search.cc.
#ifndef BATON_SCHEDULES_SEARCH_WORD_OF_ORDER_H_
#define BATON_SCHEDULES_SEARCH_WORD_OF_ORDER_H_

#include "schedules/order/compute_order.h"
#include "schedules/search/search_problem.h"

namespace baton {

// The order as a word. A whole backward becomes its two halves, which sends the gradient earlier; recomputations are
// left out.
Word ToWord(const ComputeOrder& order);

// The word of `problem` as an order with split backwards.
ComputeOrder ToOrder(const SearchProblem& problem, const Word& word);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_WORD_OF_ORDER_H_
