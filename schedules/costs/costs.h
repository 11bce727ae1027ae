// Times and sizes as plain numbers: of a layer (filled in by ops/models or a profile, read by plan) and of a chunk
// (read by lowering, the simulator, the search and rehearsals). schedules/ knows no layers, only these tables.
//
//   CostModel costs;
//   costs.chunks = SumChunks(layers, split, input_bytes, targets_bytes);  // plan.h; or filled in by hand
//   costs.transfer_ns = 600'000;
//   BATON_RETURN_IF_ERROR(CheckCosts(costs, num_chunks, num_micro_batches));  // check_costs.h
//
// Units: nanoseconds and bytes for one micro-batch, unless a field says otherwise. All numbers are at least 0.
#ifndef BATON_SCHEDULES_COSTS_COSTS_H_
#define BATON_SCHEDULES_COSTS_COSTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "schedules/costs/links.h"
#include "schedules/costs/shared_cores.h"

namespace baton {

// Sums over the members of a tensor-parallel group within one pass of a layer.
struct MemberSums {
  int count = 0;
  Bytes bytes = 0;  // of all of them, on each member
  // Halves of sums: slices that are gathered, or sums whose slices are scattered.
  int halves = 0;
  Bytes half_bytes = 0;  // of the whole

  // The time of ring all-reduces over `num_members` devices that `link` connects, one after the other, and of halves of
  // them. Source: Patarasuk and Yuan 2009.
  Nanos TimeOver(int num_members, const LinkCosts& link) const;
};

// One layer, the unit in which a model is split. Bytes are rounded up by AlignUp.
//
// Names of sizes say when the bytes are live:
//
//   Forward ─────────── saved ───────────▶ BackwardInput ── stash ──▶ BackwardWeight
//   Forward ──────────────────────── saved_weight ──────────────────▶ BackwardWeight
//   scratch: within one call
struct LayerCosts {
  std::string name;
  // Times: measured, or estimated from FLOPs.
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos recompute_ns = 0;     // to restore recomputed_bytes and recomputed_weight_bytes
  Nanos update_ns = 0;        // the optimizer's update, once a step
  Nanos repeated_ns = 0;      // that each half of a backward pass repeats, and a whole one takes once
  Nanos fold_ns = 0;          // one sum of the gradients of two groups of micro-batches; 0: unknown
  double forward_flops = 0;   // a multiply-add counts as two
  double backward_flops = 0;  // both halves
  Bytes parameter_bytes = 0;  // of the parameters; the gradients take gradient_ratio times as much
  Bytes optimizer_bytes = 0;
  Bytes output_bytes = 0;  // the activation for the next layer, and also its gradient; 0 for the last layer
  Bytes saved_bytes = 0;
  Bytes saved_weight_bytes = 0;
  Bytes stash_bytes = 0;
  Bytes scratch_bytes = 0;
  // With recomputation: what Forward need not save because Recompute restores it before the backward pass. Then live as
  // saved_bytes and saved_weight_bytes. If recomputes_output, the output is among it, and so is the next layer's input.
  Bytes recomputed_bytes = 0;
  Bytes recomputed_weight_bytes = 0;
  bool recomputes_output = false;
  // Extra if the layer is not the first of its chunk, for its input. The first layer's input is in the chunk's input
  // slot.
  Bytes keep_input_saved_bytes = 0;
  Bytes keep_input_saved_weight_bytes = 0;
  Bytes keep_input_scratch_bytes = 0;
  // Extra if the layer is not the last of its chunk, for the gradient of its output.
  Bytes keep_gradient_stash_bytes = 0;
  Bytes keep_gradient_scratch_bytes = 0;
  // Sums over the devices that compute the layer together, which its times leave out; see MemberSums.
  MemberSums forward_sums = {};
  MemberSums backward_sums = {};
  // Bytes of gradients for each of parameters: 1, or 2 for parameters of 16 bits, whose gradients have 32.
  int gradient_ratio = 1;

  Bytes gradient_bytes() const { return gradient_ratio * parameter_bytes; }
};

// One chunk: the sums over its layers. Fields mean the same as in LayerCosts.
struct ChunkCosts {
  Nanos forward_ns = 0;
  Nanos backward_input_ns = 0;
  Nanos backward_weight_ns = 0;
  Nanos recompute_ns = 0;
  Nanos update_ns = 0;
  Nanos repeated_ns = 0;  // at most backward_input_ns and backward_weight_ns together
  Nanos fold_ns = 0;
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
  Bytes input_bytes = 0;    // the activation from the previous chunk; for the first chunk the data
  Bytes targets_bytes = 0;  // 0 except for the last chunk
  Bytes output_bytes = 0;   // 0 for the last chunk
  Bytes saved_bytes = 0;
  Bytes saved_weight_bytes = 0;
  Bytes stash_bytes = 0;
  Bytes recomputed_bytes = 0;
  Bytes recomputed_weight_bytes = 0;
  bool can_recompute = false;  // whether there is anything to recompute; its sizes may be unknown and 0
  Bytes workspace_bytes = 0;   // the most that one instruction needs: scratch, and for a whole Backward the stash too
  Bytes forward_workspace_bytes = 0;  // the scratch that a Forward needs; only evaluation programs use it
  int gradient_ratio = 1;

  Bytes gradient_bytes() const { return gradient_ratio * parameter_bytes; }

  // The time of a whole backward pass.
  Nanos backward_ns() const { return backward_input_ns + backward_weight_ns - repeated_ns; }
};

// The prices of a program's instructions.
//
// Links: `devices_per_node` consecutive devices form a node. Within a node each ordered pair of devices has a link of
// its own. All pairs of devices on two different nodes share one link in each direction.
struct CostModel {
  std::vector<ChunkCosts> chunks;  // in model order
  Nanos transfer_ns = 0;           // latency of a link within a node
  // Measured transfers, if not empty: [chunk] the time of one transfer to the next chunk, and of its gradient back, on
  // whatever link and without queueing. If empty, transfers are priced by the links.
  std::vector<Nanos> link_ns = {};
  Nanos load_ns = 0;         // of each Load
  Nanos reduce_ns = 0;       // of each AllReduce, after its last participant has arrived; see ReduceNanos
  Nanos wake_ns = 0;         // from the end of a transfer until the host starts what waited for it
  double bytes_per_ns = 0;   // bandwidth of a link within a node, 10⁻⁶ to 10⁶; 0: bytes take no time
  int devices_per_node = 0;  // 0: all devices form one node
  LinkCosts inter = {};      // between nodes
  SharedCores cores = {};    // that compute takes turns on; all times are those of a device alone

  int NodeOf(int device) const { return devices_per_node > 0 ? device / devices_per_node : 0; }
  LinkCosts LinkBetween(int from, int to) const {
    return NodeOf(from) == NodeOf(to) ? LinkCosts{transfer_ns, bytes_per_ns} : inter;
  }
  // Latency of a transfer from `chunk` to the next one, or of its gradient back, between devices of one node.
  Nanos LinkNs(int chunk) const { return link_ns.empty() ? transfer_ns : link_ns[chunk]; }
  // Time of the same transfer between any two devices if `bytes` have the link to themselves.
  Nanos TransferNanos(int chunk, int from, int to, Bytes bytes) const {
    if (!link_ns.empty()) return link_ns[chunk];
    const LinkCosts link = LinkBetween(from, to);
    return link.latency_ns + link.TransmitNanos(bytes);
  }
  // Time of an AllReduce of `bytes` after its last member has arrived: reduce_ns, and if the slowest link between its
  // devices has a bandwidth, 2 (n − 1) rounds of a ring over n devices with an n-th of the bytes each. A device may
  // appear several times. Source: Patarasuk and Yuan 2009.
  // `sums` false: half of the rounds, for shards that are exchanged, or sums of which each member gets its shard.
  Nanos ReduceNanos(const std::vector<int32_t>& device_of_member, Bytes bytes, bool sums = true) const;
  // The part of it in which its bytes occupy the links of the ring.
  Nanos ReduceOccupation(const std::vector<int32_t>& device_of_member, Bytes bytes, bool sums = true) const;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_COSTS_H_
