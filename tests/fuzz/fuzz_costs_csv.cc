// Fuzzes the reader of costs: an accepted file passes the check of costs, and is the same after printing and reading.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "schedules/costs/check_costs.h"
#include "schedules/costs/costs_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto costs = baton::ReadCostsCsv(text, "fuzz.csv");
  if (!costs.ok()) return 0;
  if (!baton::CheckCosts(*costs, static_cast<int>(costs->chunks.size()), /*num_micro_batches=*/1).ok()) std::abort();
  const std::string printed = baton::PrintCostsCsv(*costs);
  const auto again = baton::ReadCostsCsv(printed, "printed.csv");
  if (!again.ok() || baton::PrintCostsCsv(*again) != printed) std::abort();
  return 0;
}
