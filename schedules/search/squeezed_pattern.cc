// The patterns, and the order of the steps: repeat one, squeeze it with its backward-weights in place, then squeeze the
// cool-down again without them; see squeezed_pattern.h.
#include "schedules/search/squeezed_pattern.h"

#include <algorithm>

#include "schedules/search/pattern_units.h"
#include "schedules/search/squeezer.h"

namespace baton {

VPattern VHalfPattern(int num_devices) {
  const int32_t p = num_devices, pause = p % 2 == 0 ? 3 : 0;
  VPattern pattern;
  for (int32_t d = 0; d < p; ++d) {
    pattern.devices.push_back({2 * d, 3 * p - d - 2, 3 * p + pause + 2 * d - 1, 6 * p + pause - d - 2});
  }
  return pattern;
}

// Two passes of a device are apart by an odd number, or by 2p + pause units.
VPattern VMinPattern(int num_devices, int32_t period) {
  const int32_t p = num_devices, pause = 2 * p % period == 0 ? 2 : 0;
  VPattern pattern;
  pattern.period = period;
  for (int32_t d = 0; d < p; ++d) {
    pattern.devices.push_back({d, 2 * p - d - 1, 2 * p + pause + d, 4 * p + pause - d - 1});
  }
  return pattern;
}

// Both activations of a micro-batch are live for 4p + 2 units together, and then until their backward-weights have run.
// Peaks are even.
int32_t PeriodOf(int num_devices, int64_t activations) {
  const int64_t live = 4 * num_devices + 4;
  const int64_t pairs = std::max<int64_t>(1, activations / 2);
  const int64_t period = std::max<int64_t>(8, (live + 2 * pairs - 1) / (2 * pairs));
  return static_cast<int32_t>(period + period % 2);
}

bool IsV(const SearchProblem& problem) {
  const int p = problem.num_devices;
  if (problem.num_chunks != 2 * p) return false;
  for (int chunk = 0; chunk < 2 * p; ++chunk) {
    if (problem.device_of_chunk[chunk] != std::min(chunk, 2 * p - 1 - chunk)) return false;
  }
  return true;
}

void SqueezePattern(const SearchProblem& problem, const VPattern& pattern, std::vector<Word>& words) {
  const Units repeated = WithWeights(Repeat(pattern, problem.num_micro_batches), /*lower_half_last=*/false);
  const std::vector<int32_t> peaks = PeaksOf(repeated);
  const int32_t peak = *std::max_element(peaks.begin(), peaks.end());
  const Units squeezed = Compact(SqueezeWithWeights(repeated, peak));
  const Units again = SqueezeWithoutWeights(WithoutWeights(squeezed), peak);
  const Units compact = WithoutWeights(Compact(WithWeights(again, /*lower_half_last=*/false)));
  for (const bool lower_half_last : {false, true}) words.push_back(ToWord(WithWeights(compact, lower_half_last)));
  words.push_back(ToWord(squeezed));
}

}  // namespace baton
