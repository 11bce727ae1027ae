// Means over the instructions of a trace, kind by kind.
#include "schedules/trace/measured_costs.h"

#include <algorithm>

namespace baton {

MeasuredCosts::MeasuredCosts(const Program& program, const SharedCores& cores)
    : chunks_(program.num_chunks), core_time_(program, cores) {}

void MeasuredCosts::Add(const Program& program, const Trace& trace) {
  core_time_.Read(program, trace);
  for (int device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    Nanos free_since = 0;  // when the compute lane's last instruction ended
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Interval& interval = trace.devices[device][i];
      if (IsCompute(instructions[i].operation)) {
        Nanos released = -1;
        for (int32_t wait : program.devices[device].WaitsOf(instructions[i])) {
          released = std::max(released, trace.devices[device][wait].end);
        }
        // A collective is not on this lane: only compute wakes a thread.
        if (released > free_since) wake_.Add(std::max<Nanos>(0, interval.start - released));
        free_since = interval.end;
      }
      const Nanos time = core_time_.Of(device, i);
      std::visit(Overloaded{
                     [&](const Load&) { load_.Add(time); },
                     [&](const Forward& op) { chunks_[op.chunk].forward.Add(time); },
                     [&](const Backward& op) { chunks_[op.chunk].backward.Add(time); },
                     [&](const BackwardInput& op) { chunks_[op.chunk].backward_input.Add(time); },
                     [&](const BackwardWeight& op) { chunks_[op.chunk].backward_weight.Add(time); },
                     [&](const Recompute& op) { chunks_[op.chunk].recompute.Add(time); },
                     [](const Send&) {},  // the receive is the same transfer
                     [&](const Recv&) { transfer_.Add(time); },
                     [&](const AllReduce&) { reduce_.Add(time); },
                     [&](const AllGather&) { reduce_.Add(time); },
                     [&](const ReduceScatter&) { reduce_.Add(time); },
                     [&](const Update& op) { chunks_[op.chunk].update.Add(time); },
                 },
                 instructions[i].operation);
    }
  }
  ++steps_;
}

CostModel MeasuredCosts::ToCostModel(const CostModel& shape) const {
  CostModel costs = shape;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    const ChunkSums& sums = chunks_[i];
    ChunkCosts& chunk = costs.chunks[i];
    const double input_share = chunk.backward_ns() > 0 ? static_cast<double>(chunk.backward_input_ns) /
                                                             static_cast<double>(chunk.backward_ns())
                                                       : 0.5;
    const Nanos backward = sums.backward.Mean();
    chunk.forward_ns = sums.forward.Mean();
    chunk.recompute_ns = sums.recompute.Mean();
    chunk.update_ns = sums.update.Mean();
    chunk.fold_ns = 0;  // in the passes that were measured
    chunk.repeated_ns = 0;
    if (sums.backward.count > 0) {
      chunk.backward_input_ns = static_cast<Nanos>(input_share * static_cast<double>(backward));
      chunk.backward_weight_ns = backward - chunk.backward_input_ns;
    } else {
      chunk.backward_input_ns = sums.backward_input.Mean();
      chunk.backward_weight_ns = sums.backward_weight.Mean();
    }
  }
  costs.load_ns = load_.Mean();
  // A measured transfer includes its bytes and its turn, whatever its link.
  costs.transfer_ns = transfer_.Mean();
  costs.link_ns.clear();
  costs.bytes_per_ns = 0;
  costs.devices_per_node = 0;
  costs.reduce_ns = reduce_.Mean();
  costs.wake_ns = wake_.Mean();
  return costs;
}

}  // namespace baton
