// From a chunk's ParameterLayout to addresses: what its layers and its optimizer are bound to. Used by stage modules
// and profiling.
#ifndef BATON_OPS_OPTIMIZER_BIND_H_
#define BATON_OPS_OPTIMIZER_BIND_H_

#include <cstddef>
#include <vector>

#include "ops/layers/layer.h"
#include "ops/layers/parameter_layout.h"
#include "ops/optimizer/optimizer.h"

namespace baton {

// The first bytes of a chunk's regions, as ParameterLayout lays them out; null for a region that does not exist, and so
// are the addresses in it. Not owned.
struct ParameterRegions {
  std::byte* parameters = nullptr;
  std::byte* gradients = nullptr;
  std::byte* optimizer = nullptr;
};

// One parameter. Its squared norm does not count (norm is −1); the caller numbers those that do, and names the key of
// one that rounds.
OptimizedParameter Locate(const ParameterSpec& spec, const ParameterOffsets& offsets, const ParameterRegions& regions,
                          const ParameterFormat& format = {});

// Binds `layer` to `parameters`, given in the order of layer.parameters(): it reads working copies where they exist,
// and computes no gradients that nobody uses.
void BindLayer(const std::vector<OptimizedParameter>& parameters, Layer& layer);

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_BIND_H_
