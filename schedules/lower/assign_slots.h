// Fifth pass of lowering: gives each operand a buffer slot, by a linear scan over one device's instructions, as a
// compiler assigns registers.
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

// Slots of one kind and size are shared by all chunks of the device. A slot is taken again as soon as its last reader
// has been issued, since the compute lane runs in order; but a slot that a Send reads only by an action that, in
// `times`, starts when the transfer is over, and never by the very next one, so that compute and transfer overlap.
// What a Recompute makes again is given a slot by Forward, since it has to be put somewhere, free again right behind
// it.
//
// Lifecycle: made once for a lowering, then Assign for each device; it keeps its tables in between.
class SlotAssigner {
 public:
  // All must outlive this.
  SlotAssigner(const ComputeOrder& order, const OrderIndex& index, const CostModel& costs);

  // Fills in the slots of `program.instructions` and `program.slots` (their offsets stay 0). `chunks` are those of the
  // device; `times` are those of the order's actions.
  void Assign(const std::vector<int32_t>& chunks, const OrderTimes& times, int device, DeviceProgram& program);

 private:
  // A slot that a Send reads, and when it is free again.
  struct Sent {
    SlotId slot;
    Nanos free_at;
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
  SlotClass& Class(SlotKind kind, int chunk);
  // Where the slot is kept that holds this kind of thing for the chunk's micro-batch.
  SlotId& Held(SlotKind kind, int chunk, int micro_batch);

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

  // Whether the chunk has slots for what it can recompute, and whether it does so for the micro-batch.
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

  // Of the device at hand.
  std::vector<int32_t> local_of_chunk_;  // [chunk]: its index among the device's chunks
  std::vector<SlotClass> classes_;
  std::vector<int> class_of_;  // [local chunk × kNumKinds + kind]
  std::vector<SlotId> held_;   // [(local chunk × kNumKinds + kind) × micro-batches + micro-batch]
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
