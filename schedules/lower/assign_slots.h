// Pass of lowering: assigns a slot to each operand by a linear scan over one device's instructions, as a compiler
// assigns registers. Used by lower.cc.
#ifndef BATON_SCHEDULES_LOWER_ASSIGN_SLOTS_H_
#define BATON_SCHEDULES_LOWER_ASSIGN_SLOTS_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/units.h"
#include "schedules/costs/costs.h"
#include "schedules/lower/time_order.h"
#include "schedules/order/compute_order.h"
#include "schedules/program/program.h"

namespace baton {

// All chunks of the device share the slots of one kind and size.
//
//   - A slot is free once its last reader is issued, since the compute lane runs in order.
//   - A slot that a Send reads is free for an action that, in `times`, starts after the transfer, and never for the
//   very
//     next action, so that compute and transfer overlap.
//   - Where a Recompute writes a buffer again, the slot that Forward writes it to is free right after the Forward.
//
// Lifecycle: made once for a lowering; then one Assign a device, which reuses the tables.
class SlotAssigner {
 public:
  // The arguments must outlive this.
  SlotAssigner(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs);

  // Sets the slots of `program.instructions`, and `program.slots` with offsets 0. `chunks` are the device's chunks,
  // ascending; `times` are the times of the order's actions.
  void Assign(const std::vector<int32_t>& chunks, const OrderTimes& times, int device, DeviceProgram& program);

 private:
  // A slot that a Send reads.
  struct Sent {
    SlotId slot;
    Nanos free_at;     // the end of the transfer, in nanoseconds since the step began
    int32_t position;  // of the action that wrote it
  };
  // The slots of one kind and size.
  struct SlotClass {
    SlotKind kind;
    Bytes bytes;
    std::vector<SlotId> free;
    std::vector<Sent> sent;  // a queue: begins at first_sent
    size_t first_sent = 0;
  };
  static constexpr int kNumKinds = kNumSlotKinds;

  int ClassOf(SlotKind kind, Bytes bytes, std::map<std::pair<SlotKind, Bytes>, int>& known);
  SlotClass& Class(SlotKind kind, int chunk) {
    return classes_[class_of_[local_of_chunk_[chunk] * kNumKinds + static_cast<int>(kind)]];
  }
  // The table entry of the slot with this kind of buffer of the chunk's micro-batch.
  SlotId& SlotOf(SlotKind kind, int chunk, int micro_batch) {
    const size_t row = static_cast<size_t>(local_of_chunk_[chunk]) * kNumKinds + static_cast<size_t>(kind);
    return slot_of_[row * num_micro_batches_ + micro_batch];
  }

  SlotId NewSlot(const SlotClass& slot_class);
  SlotId Take(SlotKind kind, int chunk, int micro_batch);
  SlotId TakeSent(SlotKind kind, int chunk, int receiver);
  void Release(SlotKind kind, int chunk, int micro_batch);
  // The slot for the output of `chunk` (kOutput) or the gradient of its input (kGradInput).
  SlotId TakeResult(SlotKind kind, int chunk, int micro_batch);

  void Fill(Load& load);
  void Fill(Forward& forward);
  void Fill(Backward& backward);
  void Fill(BackwardInput& backward);
  void Fill(BackwardWeight& backward);
  void Fill(Recompute& recompute);
  void Fill(Send& send);
  void Fill(Recv& recv);
  void Fill(AllReduce&) {}
  void Fill(Update&) {}
  void Fill(AllGather&) {}
  void Fill(ReduceScatter&) {}

  // Whether the chunk has slots of the kinds kRecomputed…, and whether it recomputes the micro-batch.
  bool CanRecompute(int chunk) const { return can_recompute_[chunk]; }
  bool Recomputes(int chunk, int micro_batch) const {
    return !forward_only_ && index_.recompute[index_.Key(chunk, micro_batch)] >= 0;
  }
  bool IsLast(int chunk) const { return chunk + 1 == order_.num_chunks; }

  const ComputeOrder& order_;
  const OrderIndex& index_;
  const int num_micro_batches_;
  const bool forward_only_;
  const CostModel& costs_;
  std::vector<bool> can_recompute_;  // [chunk]

  // The state of the device in progress.
  std::vector<int32_t> local_of_chunk_;  // [chunk]: its index among the device's chunks
  std::vector<SlotClass> classes_;
  std::vector<int> class_of_;    // [local chunk × kNumKinds + kind]
  std::vector<SlotId> slot_of_;  // [(local chunk × kNumKinds + kind) × micro-batches + micro-batch]
  const std::vector<Nanos>* start_ = nullptr;
  const std::vector<Nanos>* end_ = nullptr;
  int device_ = 0;
  bool has_transfers_ = true;
  int position_ = 0;  // of the next action
  SlotId last_result_ = kNoSlot;
  std::vector<Slot>* slots_ = nullptr;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_ASSIGN_SLOTS_H_
