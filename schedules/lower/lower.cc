// The list of passes, in order; see lower.h.
#include "schedules/lower/lower.h"

#include "base/status.h"
#include "schedules/lower/assign_slots.h"
#include "schedules/lower/check_options.h"
#include "schedules/lower/emit_instructions.h"
#include "schedules/lower/finish_step.h"
#include "schedules/lower/insert_waits.h"
#include "schedules/lower/layout_memory.h"
#include "schedules/lower/place_transfers.h"
#include "schedules/lower/time_order.h"
#include "schedules/order/order_index.h"
#include "schedules/program/walk/gradient_folds.h"

namespace baton {
namespace {

// A program with the order's shape and no instructions.
Program EmptyProgram(const ComputeOrder& order, const OrderIndex& index, const LowerOptions& options) {
  Program program;
  program.schedule = options.schedule;
  program.num_chunks = order.num_chunks;
  program.num_micro_batches = order.num_micro_batches;
  program.forward_only = index.forward_only;
  program.sum_groups = index.forward_only ? 1 : options.sum_groups;
  program.placement = order.placement;
  program.devices.resize(order.num_devices());
  return program;
}

}  // namespace

absl::StatusOr<Program> Lower(const ComputeOrder& order, const LowerOptions& options) {
  const CostModel& costs = options.costs;
  // Check the order, and find the position of each action.
  BATON_ASSIGN_OR_RETURN(const OrderIndex index, IndexOrder(order, options.gradients_ascend));
  BATON_RETURN_IF_ERROR(CheckOptions(order, costs, options.reduce_groups));
  // Estimate when each action runs; reject cycles of waits.
  BATON_ASSIGN_OR_RETURN(const OrderTimes times, TimeOrder(order, index, costs));
  // Find the transfers between devices, and post each Recv when its Send is ready.
  const std::vector<std::vector<Receive>> receives = PlaceTransfers(order, index, times, options.transport.queues);
  // Sum replicas once their last gradient is there; sum other groups and update every chunk after the last micro-batch.
  Program program = EmptyProgram(order, index, options);
  std::vector<Finish> finishes(order.num_devices());
  if (options.with_update && !index.forward_only)
    finishes = FinishStep(order, times, options.reduce_groups, costs,
                          {options.replicas, options.shards_optimizer, options.transport.queues}, program);

  const std::vector<std::vector<int32_t>> chunks = ChunksOfDevices(program);
  SlotAssigner slots(order, index, costs);
  StateOptions state{index.forward_only, options.with_state, NumPartialSums(options.sum_groups / options.replicas)};
  if (options.shards_optimizer) state.shards_over = &program.placement;
  for (int device = 0; device < order.num_devices(); ++device) {
    DeviceProgram& code = program.devices[device];
    // Emit instructions in issue order, without slots and waits.
    code.instructions = EmitInstructions(order, program.reduce_groups, device, receives[device], finishes[device]);
    // Assign a slot to every operand.
    slots.Assign(chunks[device], times, device, code);
    // Make instructions wait for those of other lanes that use the same slots.
    InsertWaits(program, device, code);
    // Give every buffer its offset in the arena.
    LayoutMemory(chunks[device], device, state, costs, code);
  }
  return program;
}

}  // namespace baton
