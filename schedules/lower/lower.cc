// The list of passes, in order; see lower.h.
#include "schedules/lower/lower.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/costs/check_costs.h"
#include "schedules/lower/assign_slots.h"
#include "schedules/lower/emit_instructions.h"
#include "schedules/lower/finish_step.h"
#include "schedules/lower/insert_waits.h"
#include "schedules/lower/layout_memory.h"
#include "schedules/lower/order_index.h"
#include "schedules/lower/place_transfers.h"
#include "schedules/lower/time_order.h"

namespace baton {
namespace {

// A chunk sends as many bytes as its neighbour receives.
absl::Status CheckNeighbours(const CostModel& costs) {
  for (size_t i = 0; i + 1 < costs.chunks.size(); ++i) {
    if (costs.chunks[i].output_bytes != costs.chunks[i + 1].input_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("costs.chunks[", i, "].output_bytes: ", costs.chunks[i].output_bytes, "; the input of chunk ",
                       i + 1, " has ", costs.chunks[i + 1].input_bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Program> Lower(const ComputeOrder& order, const LowerOptions& options) {
  BATON_ASSIGN_OR_RETURN(const OrderIndex index, IndexOrder(order, options.gradients_ascend));
  BATON_RETURN_IF_ERROR(CheckCosts(options.costs, order.num_chunks, order.num_micro_batches));
  BATON_RETURN_IF_ERROR(CheckNeighbours(options.costs));
  BATON_RETURN_IF_ERROR(CheckReduceGroups(options.reduce_groups, order.num_chunks));
  BATON_ASSIGN_OR_RETURN(const OrderTimes times, TimeOrder(order, index, options.costs));
  const std::vector<std::vector<Receive>> receives = PlaceTransfers(order, index, times, options.transport.queues);

  Program program;
  program.schedule = options.schedule;
  program.num_chunks = order.num_chunks;
  program.num_micro_batches = order.num_micro_batches;
  program.forward_only = index.forward_only;
  program.placement = order.placement;
  program.devices.resize(order.num_devices());

  const std::vector<std::vector<int32_t>> chunks = ChunksOfDevices(program);
  std::vector<Finish> finishes(order.num_devices());
  if (options.step && !index.forward_only) finishes = FinishStep(options.reduce_groups, options.costs, program);
  SlotAssigner slots(order, index, options.costs);
  for (int device = 0; device < order.num_devices(); ++device) {
    DeviceProgram& code = program.devices[device];
    code.instructions = EmitInstructions(order, device, receives[device], finishes[device]);
    slots.Assign(chunks[device], times, device, code);
    InsertWaits(code);
    LayoutMemory(chunks[device], index.forward_only, options.costs, code);
  }
  return program;
}

}  // namespace baton
