// Times and sizes as plain numbers: of each layer (filled by ops/models or a profile, read by plan) and of each chunk
// (what lowering, the simulator and rehearsals read). schedules/ knows no layer, only these.
#ifndef BATON_SCHEDULES_PLAN_COSTS_H_
#define BATON_SCHEDULES_PLAN_COSTS_H_

#include <string>
#include <vector>

#include "base/units.h"

namespace baton {

// One layer, the unit in which a model is split. Bytes are for one micro-batch, aligned by AlignUp.
struct LayerCosts {
  std::string name;
  // Times of one micro-batch; measured, or analytic from FLOPs.
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos step_ns = 0;          // the optimizer's update, once a step
  double forward_flops = 0;   // a multiply-add counts two
  double backward_flops = 0;  // both halves
  Bytes parameter_bytes = 0;  // also the size of the gradients
  Bytes optimizer_bytes = 0;
  Bytes output_bytes = 0;        // of the activation to the next layer, and of its gradient; 0 for the last
  Bytes saved_bytes = 0;         // Forward → BackwardInput
  Bytes saved_weight_bytes = 0;  // Forward → BackwardWeight
  Bytes stash_bytes = 0;         // BackwardInput → BackwardWeight
  Bytes scratch_bytes = 0;       // inside one call
  // Extra if the layer is not the first of its chunk: where its input is kept (else the chunk's input slot holds it).
  Bytes keep_input_saved_bytes = 0;
  Bytes keep_input_saved_weight_bytes = 0;
  Bytes keep_input_scratch_bytes = 0;
  // Extra if the layer is not the last of its chunk: where the gradient of its output is kept.
  Bytes keep_gradient_stash_bytes = 0;
  Bytes keep_gradient_scratch_bytes = 0;
};

// One chunk: the sums over its layers.
struct ChunkCosts {
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos step_ns = 0;
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
  Bytes input_bytes = 0;    // activation from the previous chunk; the data in the first
  Bytes targets_bytes = 0;  // only in the last chunk
  Bytes output_bytes = 0;   // 0 in the last chunk
  Bytes saved_bytes = 0;
  Bytes saved_weight_bytes = 0;
  Bytes stash_bytes = 0;
  Bytes workspace_bytes = 0;  // the larger of scratch alone and scratch + stash (Backward needs both)

  Nanos backward_ns() const { return backward_input_ns + backward_weight_ns; }
};

// What a program is priced with.
struct CostModel {
  std::vector<ChunkCosts> chunks;  // in model order
  Nanos transfer_ns = 0;           // latency between neighbouring devices; any number may be on their way
  std::vector<Nanos> link_ns;      // where links differ: [chunk] from it to the next one, and back; else empty
  Nanos load_ns = 0;               // each Load
  Nanos reduce_ns = 0;             // each Reduce, once its last participant has arrived

  // Latency of what goes from `chunk` to the next one, and of its gradient on the way back.
  Nanos LinkNs(int chunk) const { return link_ns.empty() ? transfer_ns : link_ns[chunk]; }
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PLAN_COSTS_H_
