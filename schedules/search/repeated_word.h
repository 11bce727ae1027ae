// Words that repeat: on each device the passes of one micro-batch in a fixed order, round after round. Moves of such a
// word change all micro-batches at once. Used for the words that a search begins with.
//
//   round k of a device    F(k)  I(k−2)  W(k−2)        lags 0, 2, 2
#ifndef BATON_SCHEDULES_SEARCH_REPEATED_WORD_H_
#define BATON_SCHEDULES_SEARCH_REPEATED_WORD_H_

#include <cstdint>
#include <vector>

#include "schedules/search/search_problem.h"

namespace baton {

struct RepeatedWord {
  struct Letter {
    int32_t pass;
    int32_t lag;  // in round k it runs for micro-batch k − lag, if there is one
  };
  std::vector<std::vector<Letter>> devices;  // [device] all passes of its chunks, in the order of a round
};

// The passes of `word` around micro-batch `middle`, from 0. A round begins with the forward of a device's first chunk.
// The result may be unable to run, or exceed the limits, if the word does not repeat there.
RepeatedWord RepeatedWordOf(const SearchProblem& problem, const Word& word, int32_t middle);

// The word of all micro-batches. In the first and last rounds a device leaves out the passes that it does not have.
Word Unroll(const SearchProblem& problem, const RepeatedWord& repeated);

// Shifts letters of `start` within their devices' rounds, or into the next round or the one before, `moves` times, and
// keeps what is at most a little longer than the shortest word so far. Returns the shortest word that runs within the
// limits; empty if there was none. The result depends on the arguments alone.
Word ImproveRepeated(const SearchProblem& problem, const RepeatedWord& start, int64_t moves, uint64_t seed);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_REPEATED_WORD_H_
