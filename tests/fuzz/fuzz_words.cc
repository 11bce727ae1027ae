// Fuzzes the small languages of flags: durations, and changes of costs. An accepted change can be applied.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/duration.h"
#include "schedules/analyze/cost_change.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto duration = baton::ParseDuration(text);
  if (duration && (*duration < 0 || *duration > 3'600'000'000'000)) std::abort();
  const auto changes = baton::ParseCostChanges(text);
  if (!changes.ok()) return 0;
  if (!baton::LooksLikeCostChange(text)) std::abort();
  baton::Program program;
  program.num_chunks = 2;
  program.placement = baton::ChunkPlacement::Of({0, 1});
  program.devices.resize(2);
  baton::CostModel costs;
  costs.chunks.resize(2);
  for (const baton::CostChange& change : *changes) {
    if (!(change.factor >= 0) || !std::isfinite(change.factor)) std::abort();
    baton::ApplyCostChange(change, program, text, costs).IgnoreError();
  }
  return 0;
}
