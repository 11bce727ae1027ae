// Repeats a pattern, squeezes it with its backward-weights in place, then squeezes the cool-down again without them;
// see squeezed_pattern.h.
#include "schedules/search/squeezed_pattern.h"

#include <algorithm>
#include <utility>

namespace baton {
namespace {

// The passes of a device: forward down and up, backward-input down and up, and the backward-weights of the last two.
constexpr int32_t kForwardDown = 0;
constexpr int32_t kForwardUp = 1;
constexpr int32_t kInputDown = 2;
constexpr int32_t kInputUp = 3;
constexpr int32_t kWeightOfDown = 4;
constexpr int32_t kPasses = 6;
constexpr int32_t kIdle = -1;

// The pass that a device runs in each unit of time.
class Units {
 public:
  Units(int num_devices, int num_micro_batches)
      : p_(num_devices), m_(num_micro_batches), runs_(num_devices), at_(num_devices) {
    for (auto& at : at_) at.assign(static_cast<size_t>(kPasses) * m_, kIdle);
  }

  int num_devices() const { return p_; }
  int num_micro_batches() const { return m_; }
  int32_t Horizon(int device) const { return static_cast<int32_t>(runs_[device].size()); }
  int32_t Horizon() const {
    int32_t most = 0;
    for (int device = 0; device < p_; ++device) most = std::max(most, Horizon(device));
    return most;
  }
  // The pass in a unit, as pass · m + micro-batch, or kIdle.
  int32_t RunAt(int device, int32_t unit) const { return unit < Horizon(device) ? runs_[device][unit] : kIdle; }
  int32_t PassOfRun(int32_t run) const { return run / m_; }
  int32_t UnitOf(int device, int32_t pass, int32_t n) const { return at_[device][pass * m_ + n]; }

  void Put(int device, int32_t unit, int32_t run) {
    if (unit >= Horizon(device)) runs_[device].resize(unit + 1, kIdle);
    runs_[device][unit] = run;
    at_[device][run] = unit;
  }
  void Clear(int device, int32_t unit) { runs_[device][unit] = kIdle; }

  // The first unit in which the data of a run is there, by where its sources are. Forwards down and backward-inputs
  // down come from the device above, the others from the one below or from the device itself.
  int32_t ReadyAt(int device, int32_t run) const {
    const int32_t pass = run / m_, n = run % m_;
    int32_t last = kIdle;
    if (pass == kForwardDown || pass == kInputDown) {
      if (device > 0) last = std::max(last, UnitOf(device - 1, pass, n));
    } else if ((pass == kForwardUp || pass == kInputUp) && device + 1 < p_) {
      last = std::max(last, UnitOf(device + 1, pass, n));
    }
    if (pass > kForwardDown && pass < kWeightOfDown) last = std::max(last, UnitOf(device, pass - 1, n));
    if (pass >= kWeightOfDown) last = std::max(last, UnitOf(device, pass - 2, n));
    return last + 1;
  }

 private:
  int p_;
  int m_;
  std::vector<std::vector<int32_t>> runs_;  // [device][unit]
  std::vector<std::vector<int32_t>> at_;    // [device][run]
};

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

// Puts the backward-weights into idle units, each after its backward-input.
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

// Each pass as early as its data and the order on its device allow.
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

// Live activations of a device if backward-weights run in its idle units, as soon as they can.
struct Live {
  int32_t activations = 0;
  int32_t waiting = 0;  // backward-weights

  void Take(int32_t pass) {
    if (pass == kIdle) {
      if (waiting > 0) {
        --waiting;
        --activations;
      }
    } else if (pass <= kForwardUp) {
      ++activations;
    } else if (pass < kWeightOfDown) {
      ++waiting;
    } else {
      --activations;
    }
  }
};

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

// [device] The most activations that it holds. With backward-weights in place.
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

}  // namespace

VPattern VHalfPattern(int num_devices) {
  const int32_t p = num_devices, pause = p % 2 == 0 ? 3 : 0;
  VPattern pattern;
  for (int32_t d = 0; d < p; ++d) {
    pattern.devices.push_back({2 * d, 3 * p - d - 2, 3 * p + pause + 2 * d - 1, 6 * p + pause - d - 2});
  }
  return pattern;
}

// Two passes of a device are apart by an odd number, or by 2p + pause units.
VPattern VMinPattern(int num_devices, int32_t period) {
  const int32_t p = num_devices, pause = 2 * p % period == 0 ? 2 : 0;
  VPattern pattern;
  pattern.period = period;
  for (int32_t d = 0; d < p; ++d) {
    pattern.devices.push_back({d, 2 * p - d - 1, 2 * p + pause + d, 4 * p + pause - d - 1});
  }
  return pattern;
}

// Both activations of a micro-batch are live for 4p + 2 units together, and then until their backward-weights have run.
// Peaks are even.
int32_t PeriodOf(int num_devices, int64_t activations) {
  const int64_t live = 4 * num_devices + 4;
  const int64_t pairs = std::max<int64_t>(1, activations / 2);
  const int64_t period = std::max<int64_t>(8, (live + 2 * pairs - 1) / (2 * pairs));
  return static_cast<int32_t>(period + period % 2);
}

bool IsV(const SearchProblem& problem) {
  const int p = problem.num_devices;
  if (problem.num_chunks != 2 * p) return false;
  for (int chunk = 0; chunk < 2 * p; ++chunk) {
    if (problem.device_of_chunk[chunk] != std::min(chunk, 2 * p - 1 - chunk)) return false;
  }
  return true;
}

void SqueezePattern(const SearchProblem& problem, const VPattern& pattern, std::vector<Word>& words) {
  const Units repeated = WithWeights(Repeat(pattern, problem.num_micro_batches), /*lower_half_last=*/false);
  const std::vector<int32_t> peaks = PeaksOf(repeated);
  const int32_t peak = *std::max_element(peaks.begin(), peaks.end());
  const Units squeezed = Compact(Squeezer(repeated, peak, /*has_weights=*/true).RunWithWeights());
  const Units again = Squeezer(WithoutWeights(squeezed), peak, /*has_weights=*/false).RunWithoutWeights();
  const Units compact = WithoutWeights(Compact(WithWeights(again, /*lower_half_last=*/false)));
  for (const bool lower_half_last : {false, true}) words.push_back(ToWord(WithWeights(compact, lower_half_last)));
  words.push_back(ToWord(squeezed));
}

}  // namespace baton
