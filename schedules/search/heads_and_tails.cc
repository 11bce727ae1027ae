// The part that heads and tails share: passes that must free memory before a forward; see heads_and_tails.h.
#include "schedules/search/heads_and_tails.h"

#include <algorithm>

namespace baton {
namespace {

// Above so many steps of merging, `work` counts the passes of a device in sum only.
constexpr double kMostMergeSteps = 4e7;

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

HeadsAndTails::HeadsAndTails(const SearchProblem& problem)
    : problem_(problem),
      m_(problem.num_micro_batches),
      heads_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * m_),
      tails_(heads_.size(), kLongAgo) {
  double steps = 0;
  for (const auto& chunks : problem.chunks_of_device) {
    const double passes = static_cast<double>(chunks.size()) * m_;
    steps += 4 * passes * passes * static_cast<double>(chunks.size());
  }
  merges_ = steps <= kMostMergeSteps;
  FindHeads();
  FindTails();
}

Run HeadsAndTails::HeadsOf(int32_t chunk, PassKind kind, int end) {
  const int32_t pass = PassOf(chunk, kind);
  return {&Head(pass, 0), Duration(pass), 0, end};
}

Run HeadsAndTails::TailsOf(int32_t chunk, PassKind kind, int begin) {
  const int32_t pass = PassOf(chunk, kind);
  return {&Tail(pass, 0), Duration(pass), begin, m_};
}

HeadsAndTails::Needed HeadsAndTails::NeededBefore(int32_t chunk, int n) const {
  Needed needed;
  const int64_t activation = problem_.activation[chunk];
  const int64_t weight_activation = problem_.weight_activation[chunk];
  const int64_t need = activation * (n + 1) - problem_.limit[problem_.device_of_chunk[chunk]];
  if (need <= 0) return needed;
  // The least number of weight passes if all n input passes have ended, and the least number of input passes.
  const int64_t rest = need - n * (activation - weight_activation);
  if (rest > 0) needed.weights = static_cast<int>(CeilDivide(rest, weight_activation));
  needed.inputs = static_cast<int>(CeilDivide(need, activation));
  const Nanos input_ns = Duration(PassOf(chunk, kInputPass));
  const Nanos weight_ns = Duration(PassOf(chunk, kWeightPass));
  Nanos least = INT64_MAX;
  for (int inputs = needed.inputs; inputs <= n; ++inputs) {
    const int64_t missing = std::max<int64_t>(0, need - inputs * (activation - weight_activation));
    const int64_t weights = missing == 0 ? 0 : CeilDivide(missing, weight_activation);
    if (weights <= inputs) least = std::min(least, inputs * input_ns + weights * weight_ns);
    if (weights == 0) break;
  }
  if (least != INT64_MAX) needed.more_work_ns = least - needed.inputs * input_ns - needed.weights * weight_ns;
  return needed;
}

}  // namespace baton
