// A repeated pattern at unit times: which pass each device runs in which unit. Used by squeezed patterns.
#ifndef BATON_SCHEDULES_SEARCH_PATTERN_UNITS_H_
#define BATON_SCHEDULES_SEARCH_PATTERN_UNITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "schedules/search/search_problem.h"
#include "schedules/search/squeezed_pattern.h"

namespace baton {

// The passes of a device: forward down and up, backward-input down and up, and the backward-weights of the last two.
inline constexpr int32_t kForwardDown = 0;
inline constexpr int32_t kForwardUp = 1;
inline constexpr int32_t kInputDown = 2;
inline constexpr int32_t kInputUp = 3;
inline constexpr int32_t kWeightOfDown = 4;
inline constexpr int32_t kPasses = 6;
inline constexpr int32_t kIdle = -1;

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

// The pattern for all micro-batches, without backward-weights.
Units Repeat(const VPattern& pattern, int num_micro_batches);

// Puts the backward-weights into idle units, each after its backward-input.
Units WithWeights(const Units& units, bool lower_half_last);

Units WithoutWeights(const Units& units);

// Each pass as early as its data and the order on its device allow.
Units Compact(const Units& units);

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

// [device] The most activations that it holds. With backward-weights in place.
std::vector<int32_t> PeaksOf(const Units& units);

// The order of each device. The units have backward-weights.
Word ToWord(const Units& units);

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_PATTERN_UNITS_H_
