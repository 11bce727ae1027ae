// The angles of rotary positions, shared by all backends. Used by their rotary layers.
#ifndef BATON_OPS_LAYERS_ROTARY_TABLE_H_
#define BATON_OPS_LAYERS_ROTARY_TABLE_H_

#include <cstdint>
#include <vector>

#include "ops/layers/spec.h"

namespace baton {

// The angle by which each pair of a head turns from one position to the next: [width / 2], rounded to f32, as in the
// libraries whose weights are loaded.
std::vector<float> PairFrequencies(const RotarySpec& spec);

// Both: [context, width / 2], for the pairs of one head.
struct RotaryTable {
  std::vector<float> cosines;
  std::vector<float> sines;
};

// The cosine and sine of position · frequency, where the product is rounded to f32, times the magnitude.
RotaryTable MakeRotaryTable(const RotarySpec& spec, int64_t context);

}  // namespace baton

#endif  // BATON_OPS_LAYERS_ROTARY_TABLE_H_
