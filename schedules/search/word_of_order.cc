// See word_of_order.h.
#include "schedules/search/word_of_order.h"

#include <vector>

namespace baton {

Word ToWord(const ComputeOrder& order) {
  Word word;
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) {
      switch (action.kind) {
        case ActionKind::kForward:
          word.push_back(PassOf(action.chunk, kForwardPass));
          break;
        case ActionKind::kBackward:
          word.push_back(PassOf(action.chunk, kInputPass));
          word.push_back(PassOf(action.chunk, kWeightPass));
          break;
        case ActionKind::kBackwardInput:
          word.push_back(PassOf(action.chunk, kInputPass));
          break;
        case ActionKind::kBackwardWeight:
          word.push_back(PassOf(action.chunk, kWeightPass));
          break;
        case ActionKind::kRecompute:
          break;  // searched orders have none; it is added to the result
      }
    }
  }
  return word;
}

ComputeOrder ToOrder(const SearchProblem& problem, const Word& word) {
  ComputeOrder order;
  order.num_chunks = problem.num_chunks;
  order.num_micro_batches = problem.num_micro_batches;
  order.placement = ChunkPlacement::Of(problem.device_of_chunk);
  order.devices.resize(problem.num_devices);
  std::vector<int32_t> count(problem.num_chunks * kNumPassKinds);
  constexpr ActionKind kKinds[] = {ActionKind::kForward, ActionKind::kBackwardInput, ActionKind::kBackwardWeight};
  for (int device = 0; device < problem.num_devices; ++device) {
    for (int32_t position = problem.first_pass[device]; position < problem.first_pass[device + 1]; ++position) {
      const int32_t pass = word[position];
      order.devices[device].push_back({kKinds[KindOf(pass)], ChunkOf(pass), count[pass]++});
    }
  }
  return order;
}

}  // namespace baton
