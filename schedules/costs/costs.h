// Times and sizes as plain numbers: of each layer (filled by ops/models or a profile, read by plan) and of each chunk
// (what lowering, the simulator and rehearsals read). schedules/ knows no layer, only these.
#ifndef BATON_SCHEDULES_COSTS_COSTS_H_
#define BATON_SCHEDULES_COSTS_COSTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "schedules/costs/links.h"

namespace baton {

// One layer, the unit in which a model is split. Bytes are for one micro-batch, aligned by AlignUp.
struct LayerCosts {
  std::string name;
  // Times of one micro-batch; measured, or analytic from FLOPs.
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos recompute_ns = 0;     // making recomputed_bytes and recomputed_weight_bytes again
  Nanos update_ns = 0;        // the optimizer's update, once a step
  double forward_flops = 0;   // a multiply-add counts two
  double backward_flops = 0;  // both halves
  Bytes parameter_bytes = 0;  // also the size of the gradients
  Bytes optimizer_bytes = 0;
  Bytes output_bytes = 0;        // of the activation to the next layer, and of its gradient; 0 for the last
  Bytes saved_bytes = 0;         // Forward → BackwardInput
  Bytes saved_weight_bytes = 0;  // Forward → BackwardWeight
  Bytes stash_bytes = 0;         // BackwardInput → BackwardWeight
  Bytes scratch_bytes = 0;       // inside one call
  // Recomputation: what Forward need not keep, since it can be made again before the backward pass. As saved_bytes and
  // saved_weight_bytes otherwise. If its output is made again too, that is where the next layer's input is kept.
  Bytes recomputed_bytes = 0;
  Bytes recomputed_weight_bytes = 0;
  bool recomputes_output = false;
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
  Nanos recompute_ns = 0;
  Nanos update_ns = 0;
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
  Bytes input_bytes = 0;    // activation from the previous chunk; the data in the first
  Bytes targets_bytes = 0;  // only in the last chunk
  Bytes output_bytes = 0;   // 0 in the last chunk
  Bytes saved_bytes = 0;
  Bytes saved_weight_bytes = 0;
  Bytes stash_bytes = 0;
  Bytes recomputed_bytes = 0;
  Bytes recomputed_weight_bytes = 0;
  bool can_recompute = false;  // whether it has anything to recompute; with sizes of 0 where none are given
  Bytes workspace_bytes = 0;   // the larger of scratch alone and scratch + stash (Backward needs both)

  Nanos backward_ns() const { return backward_input_ns + backward_weight_ns; }
};

// What a program is priced with.
//
// Links: devices stand in nodes, devices_per_node consecutive ones in each. Within a node each ordered pair of devices
// has a link of its own; from one node to another there is one link, which all their pairs of devices share.
struct CostModel {
  std::vector<ChunkCosts> chunks;  // in model order
  Nanos transfer_ns = 0;           // latency of a link within a node
  // Where each chunk's transfers were measured: [chunk] what one to the next chunk takes, and its gradient on the way
  // back, on whatever link and without queueing. Empty: they go by the links.
  std::vector<Nanos> link_ns = {};
  Nanos load_ns = 0;         // each Load
  Nanos reduce_ns = 0;       // each AllReduce, once its last participant has arrived; see ReduceNanos
  Nanos wake_ns = 0;         // from when a transfer is there until the host begins what waited for it
  double bytes_per_ns = 0;   // bandwidth of a link within a node; 0: bytes take no time
  int devices_per_node = 0;  // 0: all devices are in one node
  LinkCosts inter = {};      // from node to node

  int NodeOf(int device) const { return devices_per_node > 0 ? device / devices_per_node : 0; }
  LinkCosts LinkBetween(int from, int to) const {
    return NodeOf(from) == NodeOf(to) ? LinkCosts{transfer_ns, bytes_per_ns} : inter;
  }
  // Latency of what goes from `chunk` to the next one, and of its gradient on the way back, between devices of a node.
  Nanos LinkNs(int chunk) const { return link_ns.empty() ? transfer_ns : link_ns[chunk]; }
  // The same between any devices; `bytes` have the link to themselves.
  Nanos TransferNanos(int chunk, int from, int to, Bytes bytes) const {
    if (!link_ns.empty()) return link_ns[chunk];
    const LinkCosts link = LinkBetween(from, to);
    return link.latency_ns + link.TransmitNanos(bytes);
  }
  // A sum of `bytes` over the devices of its members once the last has arrived: reduce_ns, and where the slowest of
  // their links has a bandwidth also the 2 (n − 1) rounds of a ring, each of an n-th of the bytes (Patarasuk and Yuan
  // 2009). A device may be named several times.
  Nanos ReduceNanos(const std::vector<int32_t>& device_of_member, Bytes bytes) const;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_COSTS_H_
