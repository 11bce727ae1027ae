// See squeezer.h.
#include "schedules/search/squeezer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace baton {
namespace {

class Squeezer {
 public:
  // `peak`: the most activations that a device may hold. `has_weights`: the units have backward-weights; otherwise
  // these run in idle units.
  Squeezer(const Units& units, int32_t peak, bool has_weights)
      : units_(units),
        peak_(peak),
        has_weights_(has_weights),
        live_(units.num_devices()),
        last_forward_(units.num_devices(), 0) {
    const int32_t m = units.num_micro_batches();
    steady_from_ = units.UnitOf(0, kInputUp, 0);
    steady_to_ = units.UnitOf(0, kForwardDown, m - 1);
    for (int device = 0; device < units.num_devices(); ++device) {
      last_forward_[device] =
          std::max(units.UnitOf(device, kForwardDown, m - 1), units.UnitOf(device, kForwardUp, m - 1));
    }
  }

  // With backward-weights in place: the warm-up and the cool-down.
  Units RunWithWeights() {
    for (int device = 0; device < units_.num_devices(); ++device) CountLive(device, 0);
    ForEachRun([this](int device, int32_t unit, int32_t run) {
      if (IsSteady(device, unit)) return;
      const int32_t pass = units_.PassOfRun(run);
      int32_t from = Earliest(device, run);
      // Units in which the device holds as much as it may.
      if (pass <= kForwardUp) {
        for (int32_t full = unit - 1; full >= from; --full) {
          if (live_[device][full].activations < peak_) continue;
          from = full + 1;
          break;
        }
      }
      for (int32_t to = from; to < unit; ++to) {
        if (units_.RunAt(device, to) != kIdle) continue;
        Move(device, unit, to, run);
        const int32_t change = pass <= kForwardUp ? 1 : pass >= kWeightOfDown ? -1 : 0;
        for (int32_t between = to; change != 0 && between < unit; ++between) {
          live_[device][between].activations += change;
        }
        return;
      }
    });
    return std::move(units_);
  }

  // Without them: the backward-inputs of the cool-down, whose backward-weights then run later.
  Units RunWithoutWeights() {
    for (int device = 0; device < units_.num_devices(); ++device) CountLive(device, 0);
    ForEachRun([this](int device, int32_t unit, int32_t run) {
      if (unit < steady_from_ || IsSteady(device, unit) || units_.PassOfRun(run) <= kForwardUp) return;
      for (int32_t to = Earliest(device, run); to < unit; ++to) {
        if (units_.RunAt(device, to) != kIdle) continue;
        Move(device, unit, to, run);
        if (CountLive(device, to)) return;
        Move(device, to, unit, run);
        CountLive(device, to);
      }
    });
    return std::move(units_);
  }

 private:
  // Calls visit(device, unit, run) in ascending units, at one unit in ascending devices; runs only move to earlier
  // units.
  template <typename Visit>
  void ForEachRun(Visit visit) {
    const int32_t horizon = units_.Horizon();
    last_of_.assign(units_.num_devices(), {kIdle, kIdle, kIdle, kIdle, kIdle});
    for (int32_t unit = 0; unit < horizon; ++unit) {
      for (int device = 0; device < units_.num_devices(); ++device) {
        const int32_t run = units_.RunAt(device, unit);
        if (run == kIdle) continue;
        visit(device, unit, run);
        const int32_t pass = units_.PassOfRun(run);
        last_of_[device][std::min(pass, kWeightOfDown)] = units_.UnitOf(device, pass, run % units_.num_micro_batches());
      }
    }
  }

  bool IsSteady(int device, int32_t unit) const {
    return unit >= steady_from_ && (unit < steady_to_ || (unit == steady_to_ && device == 0));
  }
  // After the data is there and after the last run of the same kind.
  int32_t Earliest(int device, int32_t run) const {
    const int32_t kind = std::min(units_.PassOfRun(run), kWeightOfDown);
    return std::max(units_.ReadyAt(device, run), last_of_[device][kind] + 1);
  }
  void Move(int device, int32_t from, int32_t to, int32_t run) {
    units_.Clear(device, from);
    units_.Put(device, to, run);
  }
  // Counts what is live after each unit from `from` on, as far as forwards go. False if that is ever above the peak.
  bool CountLive(int device, int32_t from) {
    std::vector<Live>& live = live_[device];
    live.resize(units_.Horizon(device));
    Live now = from > 0 ? live[from - 1] : Live();
    bool fits = true;
    const int32_t end = from > 0 ? std::min(units_.Horizon(device), last_forward_[device] + 1) : units_.Horizon(device);
    for (int32_t unit = from; unit < end; ++unit) {
      const int32_t run = units_.RunAt(device, unit);
      if (run != kIdle || !has_weights_) now.Take(run == kIdle ? kIdle : units_.PassOfRun(run));
      live[unit] = now;
      fits = fits && now.activations <= peak_;
    }
    return fits;
  }

  Units units_;
  const int32_t peak_;
  const bool has_weights_;
  int32_t steady_from_ = 0;                                      // the first device's first backward-input up
  int32_t steady_to_ = 0;                                        // its last forward down
  std::vector<std::vector<Live>> live_;                          // [device][unit]
  std::vector<int32_t> last_forward_;                            // [device] unit
  std::vector<std::array<int32_t, kWeightOfDown + 1>> last_of_;  // [device][kind] unit of the last run so far
};

}  // namespace

Units SqueezeWithWeights(const Units& units, int32_t peak) {
  return Squeezer(units, peak, /*has_weights=*/true).RunWithWeights();
}

Units SqueezeWithoutWeights(const Units& units, int32_t peak) {
  return Squeezer(units, peak, /*has_weights=*/false).RunWithoutWeights();
}

}  // namespace baton
