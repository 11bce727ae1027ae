// How long one instruction takes and how many bytes a transfer carries: from a cost model, or from durations that stand
// for it. Used by the simulator.
#ifndef BATON_SCHEDULES_SIMULATE_INSTRUCTION_COSTS_H_
#define BATON_SCHEDULES_SIMULATE_INSTRUCTION_COSTS_H_

#include <algorithm>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/gradient_folds.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/simulate/durations.h"

namespace baton {

// Thread contract: immutable once made. Refers to all that it is made of, which must outlive it.
class InstructionCosts {
 public:
  // `given`: durations in place of the cost model's times; null: none.
  InstructionCosts(const Program& program, const CostModel& costs, const Durations* given)
      : program_(program), costs_(costs), given_(given) {
    const bool has_folds = std::any_of(costs.chunks.begin(), costs.chunks.end(),
                                       [](const ChunkCosts& chunk) { return chunk.fold_ns > 0; });
    if (given != nullptr || !has_folds) return;
    for (size_t entry = 0; entry < program.placement.replicas().size(); ++entry) {
      folds_.push_back(FoldsOf(program, static_cast<int>(entry)));
    }
  }

  bool are_given() const { return given_ != nullptr; }
  // In nanoseconds, of any instruction. Only if are_given().
  Nanos Given(InstructionRef ref) const { return (*given_)[ref.device][ref.instruction]; }

  // In nanoseconds, of a compute instruction; negative if its chunk is out of range.
  Nanos OfCompute(InstructionRef ref) const {
    if (given_ != nullptr) return Given(ref);
    const std::vector<ChunkCosts>& chunks = costs_.chunks;
    auto of = [&chunks](int32_t chunk, auto duration) {
      return static_cast<uint32_t>(chunk) < chunks.size() ? duration(chunks[chunk]) : Nanos{-1};
    };
    return std::visit(
        Overloaded{
            [&](const Load&) { return costs_.load_ns; },
            [&](const Forward& f) { return of(f.chunk, [](const ChunkCosts& c) { return c.forward_ns; }); },
            [&](const Backward& b) {
              return of(b.chunk, [&](const ChunkCosts& c) { return c.backward_ns() + FoldNs(b, c); });
            },
            [&](const BackwardInput& b) {
              return of(b.chunk, [](const ChunkCosts& c) { return c.backward_input_ns; });
            },
            [&](const BackwardWeight& b) {
              return of(b.chunk, [&](const ChunkCosts& c) { return c.backward_weight_ns + FoldNs(b, c); });
            },
            [&](const Recompute& r) { return of(r.chunk, [](const ChunkCosts& c) { return c.recompute_ns; }); },
            [&](const Update& u) { return of(u.chunk, [](const ChunkCosts& c) { return c.update_ns; }); },
            [](const Send&) { return Nanos{0}; },
            [](const Recv&) { return Nanos{0}; },
            [](const AllReduce&) { return Nanos{0}; },
            [](const AllGather&) { return Nanos{0}; },
            [](const ReduceScatter&) { return Nanos{0}; },
        },
        OperationAt(ref));
  }

  // True if a transfer takes a known time whatever else is on its link: it was measured, or it is given.
  bool fix_transfers() const { return given_ != nullptr || !costs_.link_ns.empty(); }
  // In nanoseconds, of one side of a transfer whose Send is `send`. Only if fix_transfers(). 0 if the chunk of a
  // measured transfer is out of range.
  Nanos OfTransfer(InstructionRef side, InstructionRef send) const {
    if (given_ != nullptr) return Given(side);
    const Send& operation = std::get<Send>(OperationAt(send));
    const int64_t chunk = int64_t{operation.chunk} - (operation.payload == Payload::kActivation ? 0 : 1);
    return chunk >= 0 && chunk < static_cast<int64_t>(costs_.link_ns.size()) ? costs_.link_ns[chunk] : 0;
  }

  // The message of a Send; 0 if its chunk is out of range.
  Bytes MessageBytes(InstructionRef send) const {
    const Send& operation = std::get<Send>(OperationAt(send));
    if (static_cast<uint32_t>(operation.chunk) >= costs_.chunks.size()) return 0;
    const ChunkCosts& chunk = costs_.chunks[operation.chunk];
    return operation.payload == Payload::kActivation ? chunk.output_bytes : chunk.input_bytes;
  }

 private:
  const Operation& OperationAt(InstructionRef ref) const {
    return program_.devices[ref.device].instructions[ref.instruction].operation;
  }

  // The sums of gradients that follow a backward pass on weights, or on both: each reads two and writes one.
  template <typename Pass>
  Nanos FoldNs(const Pass& pass, const ChunkCosts& chunk) const {
    if (folds_.empty()) return 0;
    const std::vector<GradientFold>& folds = folds_[program_.placement.IndexOf(pass.chunk, pass.micro_batch)];
    if (folds.empty()) return 0;
    return chunk.fold_ns * folds[pass.micro_batch].NumSums();
  }

  const Program& program_;
  const CostModel& costs_;
  const Durations* const given_;
  std::vector<std::vector<GradientFold>> folds_;  // [entry of replicas()][micro-batch]; empty: they take no time
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SIMULATE_INSTRUCTION_COSTS_H_
