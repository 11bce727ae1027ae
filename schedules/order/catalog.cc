// The table of schedules; see catalog.h.
#include "schedules/order/catalog.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "schedules/order/schedules.h"

namespace baton {
namespace {

constexpr ScheduleInfo kCatalog[] = {
    {"naive", "one micro-batch at a time, forward then backward through all stages; no overlap",
     "the baseline of Huang et al. 2019 (GPipe), section 2.3", "(p-1)/p of device time", "1", true, MakeNaiveOrder},
    {"gpipe", "all forwards, then all backwards", "Huang et al. 2019 (GPipe), section 2.3",
     "(p-1)T, ratio (p-1)/(m+p-1); with v chunks breadth-first (p-1)T/v", "m", true, MakeGpipeOrder},
    {"1f1b", "warm-up, then one forward and one backward by turns (PipeDream-flush)",
     "Narayanan et al. 2021 (Megatron-LM), section 2.2.1", "(p-1)T, ratio (p-1)/(m+p-1)", "min(p, m)", false,
     MakeOneFOneBOrder},
};

}  // namespace

absl::Span<const ScheduleInfo> Catalog() { return kCatalog; }

absl::StatusOr<const ScheduleInfo*> FindSchedule(std::string_view name) {
  for (const ScheduleInfo& info : kCatalog) {
    if (info.name == name) return &info;
  }
  const std::string known =
      absl::StrJoin(kCatalog, ", ", [](std::string* out, const ScheduleInfo& info) { out->append(info.name); });
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.schedule: \"", std::string(name), "\" is not a known schedule; known are ", known));
}

absl::StatusOr<ComputeOrder> MakeOrder(std::string_view name, const OrderRequest& request) {
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* info, FindSchedule(name));
  BATON_RETURN_IF_ERROR(CheckRequest(request));
  if (request.chunks_per_device != 1 && !info->takes_chunks) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.chunks_per_device: ", request.chunks_per_device,
                                                   "; schedule \"", std::string(name),
                                                   "\" takes exactly 1 chunk per device"));
  }
  return info->make(request);
}

}  // namespace baton
