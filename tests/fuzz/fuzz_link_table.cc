// Fuzzes the reader of link tables: an accepted file is the same after printing and reading, and prices a pipeline.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "schedules/costs/link_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = baton::ReadLinkTable(text, "fuzz.csv");
  if (!table.ok()) return 0;
  const std::string printed = baton::PrintLinkTable(*table);
  const auto again = baton::ReadLinkTable(printed, "printed.csv");
  if (!again.ok() || baton::PrintLinkTable(*again) != printed) std::abort();
  baton::CostModel costs;
  baton::ApplyLinkTable(*table, {/*num_devices=*/8}, costs);
  if (!table->WithinHost() && !table->BetweenHosts()) std::abort();
  if (table->BetweenHosts().has_value() != (costs.devices_per_node > 0)) std::abort();
  return 0;
}
