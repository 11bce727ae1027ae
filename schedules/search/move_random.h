// Random numbers of moves: functions of a seed, the move, and how many the move has drawn. Used by the moves of words
// and of repeated words.
#ifndef BATON_SCHEDULES_SEARCH_MOVE_RANDOM_H_
#define BATON_SCHEDULES_SEARCH_MOVE_RANDOM_H_

#include <Random123/philox.h>

#include <cstdint>

namespace baton {

class MoveRandom {
 public:
  explicit MoveRandom(uint64_t seed) : seed_(seed) {}

  void BeginMove(int64_t move) {
    move_ = static_cast<uint64_t>(move);
    num_drawn_ = 0;
  }
  // Uniform in [0, below).
  uint32_t Below(uint32_t below) {
    using Philox = r123::Philox2x64;
    const Philox::ctr_type drawn = Philox()({{move_, num_drawn_++}}, {{seed_}});
    return static_cast<uint32_t>(((drawn[0] >> 32) * below) >> 32);
  }

 private:
  uint64_t seed_;
  uint64_t move_ = 0;
  uint32_t num_drawn_ = 0;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_MOVE_RANDOM_H_
