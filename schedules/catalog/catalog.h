// The catalog of published schedules: one table, with a row for each schedule. Used by compile, search, planning and
// the tools. A new schedule is one file in this folder, one row in catalog.cc and one golden: docs/add_a_schedule.md.
//
//   BATON_ASSIGN_OR_RETURN(const ComputeOrder order, MakeOrder("1f1b", {/*num_stages=*/4, /*num_micro_batches=*/8}));
//   std::cout << FormatOrder(order);  // order_text.h
#ifndef BATON_SCHEDULES_CATALOG_CATALOG_H_
#define BATON_SCHEDULES_CATALOG_CATALOG_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "schedules/catalog/order_request.h"
#include "schedules/order/compute_order.h"

namespace baton {

// One row. Symbols in its texts: p stages (devices), m micro-batches, v chunks per device; F, B and W are the times of
// forward, backward-input and backward-weight of one micro-batch on one device, T = F+B+W.
struct ScheduleInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;       // paper, section
  std::string_view constraints;  // which p, m, v it takes, and what happens to an m that does not divide
  std::string_view bubble;       // formula of the bubble's time or ratio if transfers take no time
  std::string_view memory;       // peak activations of the fullest device, in micro-batches through all of its layers
  std::string_view when;         // one sentence: what it is good for, and what it costs
  int default_chunks;            // chunks_per_device if the request says 0
  bool takes_chunks;             // whether chunks_per_device may differ from default_chunks
  bool takes_group;              // whether it reads micro_batch_group
  // Makes the order of a request that CheckRequest accepts. Null for searched schedules (search/searched_schedules.h).
  absl::StatusOr<ComputeOrder> (*make)(const OrderRequest& request);
  // Whether each chunk has two replicas, whose gradients are summed once a step. That adds them in another order than
  // one device does, so trained weights differ in bits from those of schedules without replicas.
  bool has_replicas = false;
  // Whether `make` is the order for equal costs alone; for others ScheduleInMemoryOf (search/search.h) makes one in the
  // same memory.
  bool is_scheduled_by_costs = false;
};

// All rows, the simplest schedule first. Never freed.
absl::Span<const ScheduleInfo> Catalog();

// Errors: InvalidArgument with all names if `name` is unknown.
absl::StatusOr<const ScheduleInfo*> FindSchedule(std::string_view name);

// Makes the order of a schedule; 0 chunks per device stand for its default.
// Errors: InvalidArgument as FindSchedule and CheckRequest, and if the schedule does not take the request's chunks per
// device or its micro_batch_group.
absl::StatusOr<ComputeOrder> MakeOrder(std::string_view name, const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_CATALOG_H_
