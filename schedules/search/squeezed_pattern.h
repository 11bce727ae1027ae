// Orders for two chunks a device in a V and little memory: a repeating pattern at unit times whose warm-up and
// cool-down are squeezed. Used by Search, which tries them beside list scheduling.
//
//   pattern, one micro-batch every 6 units      squeezed: passes outside the steady state move to earlier free units
//   F...f..B....b.                              Ff.B...
//   ......F...f..B....b.                        F.f.B....
//
// Source: Qi et al. 2024b (Pipeline Parallelism with Controllable Memory), section 3: repeating, squeezing, reordering.
#ifndef BATON_SCHEDULES_SEARCH_SQUEEZED_PATTERN_H_
#define BATON_SCHEDULES_SEARCH_SQUEEZED_PATTERN_H_

#include <array>
#include <cstdint>
#include <vector>

#include "schedules/search/search_problem.h"

namespace baton {

// The units in which micro-batch 0 runs its forward down, forward up, backward-input down and backward-input up: the
// chunks d, 2p−1−d, 2p−1−d and d of device d. Each later micro-batch runs them `period` units later. No two of a
// device's passes are in one unit.
using DevicePattern = std::array<int32_t, 4>;
struct VPattern {
  int32_t period = 6;  // even; 6 units are filled by the passes of one micro-batch
  std::vector<DevicePattern> devices;
};

// V-Half: half of the memory of 1F1B. V-Min: a third with a period of 6, in proportion less with a longer one.
VPattern VHalfPattern(int num_devices);
VPattern VMinPattern(int num_devices, int32_t period = 6);

// A period of V-Min, at least 8, at which a device holds about as many activations of chunks; that or one of the next
// three even ones fits.
int32_t PeriodOf(int num_devices, int64_t activations);

// Whether the problem has the placement of these patterns: chunk c on device c down the V, on 2p−1−c up.
bool IsV(const SearchProblem& problem);

// Appends words made of `pattern` to `words`. Backward-weights fill the units that are left, in the order of the
// backward-inputs, or those of the upper half of the model first. What moves keeps the number of live activations of a
// device at the pattern's own peak. The words need not be within the problem's limits. Expects IsV. Linear in the
// number of passes times the number of units by which passes move.
void SqueezePattern(const SearchProblem& problem, const VPattern& pattern, std::vector<Word>& words);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_SQUEEZED_PATTERN_H_
