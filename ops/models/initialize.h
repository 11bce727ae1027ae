// The first values of parameters. Used by runtime/train for each chunk's own, and by tests.
#ifndef BATON_OPS_MODELS_INITIALIZE_H_
#define BATON_OPS_MODELS_INITIALIZE_H_

#include <cstdint>
#include <string_view>

#include "ops/layers/layer.h"

namespace baton {

// Fills values: [num_elements] f32. Element i depends on (seed, name, i) and the initializer alone, so that neither the
// split nor the schedule nor the machine changes it: Philox4x32-10 (Salmon et al. 2011) with the seed as key and the
// hash of the name and i as counter; normal values by Box and Muller.
void InitializeParameter(uint64_t seed, std::string_view name, const Initializer& initializer, int64_t num_elements,
                         float* values);

// FNV-1a of 64 bits: the same on every machine and in every version, unlike std::hash.
uint64_t StableHash(std::string_view text);

}  // namespace baton

#endif  // BATON_OPS_MODELS_INITIALIZE_H_
