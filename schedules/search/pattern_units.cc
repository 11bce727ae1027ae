// See pattern_units.h.
#include "schedules/search/pattern_units.h"

#include <algorithm>
#include <cstddef>

namespace baton {

Units Repeat(const VPattern& pattern, int num_micro_batches) {
  const int p = static_cast<int>(pattern.devices.size());
  Units units(p, num_micro_batches);
  for (int device = 0; device < p; ++device) {
    for (int32_t pass = 0; pass < kWeightOfDown; ++pass) {
      for (int32_t n = 0; n < num_micro_batches; ++n) {
        units.Put(device, pattern.devices[device][pass] + pattern.period * n, pass * num_micro_batches + n);
      }
    }
  }
  return units;
}

Units WithWeights(const Units& units, bool lower_half_last) {
  const int32_t m = units.num_micro_batches();
  Units filled = units;
  std::vector<int32_t> waiting[2];
  for (int device = 0; device < units.num_devices(); ++device) {
    size_t next[2] = {0, 0};
    waiting[0].clear();
    waiting[1].clear();
    const auto is_left = [&] { return next[0] < waiting[0].size() || next[1] < waiting[1].size(); };
    for (int32_t unit = 0; unit < units.Horizon(device) || is_left(); ++unit) {
      const int32_t run = units.RunAt(device, unit);
      if (run == kIdle) {
        const int queue = next[0] < waiting[0].size() ? 0 : 1;
        if (next[queue] < waiting[queue].size()) filled.Put(device, unit, waiting[queue][next[queue]++]);
      } else if (units.PassOfRun(run) >= kInputDown) {
        waiting[lower_half_last ? units.PassOfRun(run) - kInputDown : 0].push_back(run + 2 * m);
      }
    }
  }
  return filled;
}

Units WithoutWeights(const Units& units) {
  Units left(units.num_devices(), units.num_micro_batches());
  for (int device = 0; device < units.num_devices(); ++device) {
    for (int32_t unit = 0; unit < units.Horizon(device); ++unit) {
      const int32_t run = units.RunAt(device, unit);
      if (run != kIdle && units.PassOfRun(run) < kWeightOfDown) left.Put(device, unit, run);
    }
  }
  return left;
}

Units Compact(const Units& units) {
  Units compact(units.num_devices(), units.num_micro_batches());
  std::vector<int32_t> free_at(units.num_devices(), 0);
  for (int32_t unit = 0; unit < units.Horizon(); ++unit) {
    for (int device = 0; device < units.num_devices(); ++device) {
      const int32_t run = units.RunAt(device, unit);
      if (run == kIdle) continue;
      const int32_t at = std::max(free_at[device], compact.ReadyAt(device, run));
      compact.Put(device, at, run);
      free_at[device] = at + 1;
    }
  }
  return compact;
}

std::vector<int32_t> PeaksOf(const Units& units) {
  std::vector<int32_t> peaks;
  for (int device = 0; device < units.num_devices(); ++device) {
    Live live;
    int32_t peak = 0;
    for (int32_t unit = 0; unit < units.Horizon(device); ++unit) {
      const int32_t run = units.RunAt(device, unit);
      if (run != kIdle) live.Take(units.PassOfRun(run));
      peak = std::max(peak, live.activations);
    }
    peaks.push_back(peak);
  }
  return peaks;
}

Word ToWord(const Units& units) {
  Word word;
  const int32_t p = units.num_devices();
  for (int32_t device = 0; device < p; ++device) {
    const int32_t down = device, up = 2 * p - 1 - device;
    const int32_t letters[kPasses] = {PassOf(down, kForwardPass), PassOf(up, kForwardPass), PassOf(up, kInputPass),
                                      PassOf(down, kInputPass),   PassOf(up, kWeightPass),  PassOf(down, kWeightPass)};
    for (int32_t unit = 0; unit < units.Horizon(device); ++unit) {
      const int32_t run = units.RunAt(device, unit);
      if (run != kIdle) word.push_back(letters[units.PassOfRun(run)]);
    }
  }
  return word;
}

}  // namespace baton
