// The catalog of published schedules: a table of rows, each a name, a function that makes its compute order, and where
// it comes from. Used by plan, tools and reports. A new schedule is one file, one row here and one golden.
#ifndef BATON_SCHEDULES_CATALOG_CATALOG_H_
#define BATON_SCHEDULES_CATALOG_CATALOG_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "schedules/catalog/order_request.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Symbols: p stages (devices), m micro-batches, v chunks per device; F, B, W time of forward, backward-input and
// backward-weight of one micro-batch on one device, T = F+B+W.
struct ScheduleInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;       // paper, section
  std::string_view constraints;  // what it takes, and what becomes of an m that does not divide
  std::string_view bubble;       // formula of the bubble ratio or time, transfers taking no time
  std::string_view memory;       // peak activations of the worst device, in micro-batches of a device
  std::string_view when;         // one sentence: what it is good for, and what it costs
  int default_chunks;            // chunks_per_device where the request says 0
  bool takes_chunks;             // whether chunks_per_device may be another number than that
  bool takes_group;              // whether it reads micro_batch_group
  // Expects a request that CheckRequest accepts.
  absl::StatusOr<ComputeOrder> (*make)(const OrderRequest& request);
  // Whether each chunk is on two devices, whose gradients are summed once a step: in another order than one device adds
  // them, so that trained bits differ from those of schedules without copies.
  bool has_copies = false;
};

// All schedules, simplest first. The table lives as long as the program.
absl::Span<const ScheduleInfo> Catalog();

// Errors: InvalidArgument if there is no schedule of that name; the message lists those that there are.
absl::StatusOr<const ScheduleInfo*> FindSchedule(std::string_view name);

// Errors: InvalidArgument as FindSchedule and CheckRequest, and if the schedule does not take that many chunks per
// device or no micro_batch_group.
absl::StatusOr<ComputeOrder> MakeOrder(std::string_view name, const OrderRequest& request);

}  // namespace baton

#endif  // BATON_SCHEDULES_CATALOG_CATALOG_H_
