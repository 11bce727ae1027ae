// Depth first over states; see testing_exhaustive.h.
#include "schedules/search/testing/exhaustive.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace baton {
namespace {

class Exhaustive {
 public:
  Exhaustive(const SearchProblem& problem, Nanos known)
      : problem_(problem),
        best_(known),
        count_(problem.num_chunks * kNumPassKinds),
        arrival_(count_.size(), std::vector<Nanos>(problem.num_micro_batches)),
        now_(problem.num_devices),
        live_(problem.num_devices),
        work_left_(problem.num_devices) {
    for (int32_t pass = 0; pass < static_cast<int32_t>(count_.size()); ++pass) {
      work_left_[problem.device_of_chunk[ChunkOf(pass)]] += problem.duration[pass] * problem.num_micro_batches;
    }
  }

  Nanos Run() {
    Visit();
    return best_;
  }

 private:
  void Visit() {
    bool is_done = true;
    Nanos objective = INT64_MIN;
    for (int device = 0; device < problem_.num_devices; ++device) {
      objective = std::max(objective, now_[device] + work_left_[device] + problem_.tail_ns[device]);
    }
    if (objective >= best_ || IsDominated()) return;
    for (int32_t pass = 0; pass < static_cast<int32_t>(count_.size()); ++pass) {
      if (count_[pass] == problem_.num_micro_batches) continue;
      is_done = false;
      TryPass(pass);
    }
    if (is_done) best_ = objective;
  }

  void TryPass(int32_t pass) {
    const int32_t chunk = ChunkOf(pass);
    const int device = problem_.device_of_chunk[chunk];
    const int n = count_[pass];
    Nanos start = now_[device];
    int64_t change = 0;
    switch (KindOf(pass)) {
      case kForwardPass:
        change = problem_.activation[chunk];
        if (live_[device] + change > problem_.limit[device]) return;
        if (chunk > 0 && !Wait(PassOf(chunk - 1, kForwardPass), n, start)) return;
        break;
      case kInputPass:
        change = problem_.weight_activation[chunk] - problem_.activation[chunk];
        if (count_[pass - 1] <= n) return;
        if (chunk + 1 < problem_.num_chunks && !Wait(PassOf(chunk + 1, kInputPass), n, start)) return;
        break;
      default:
        change = -problem_.weight_activation[chunk];
        if (count_[pass - 1] <= n) return;
    }
    const Nanos before = now_[device];
    const Nanos end = start + problem_.duration[pass];
    const bool is_forward = KindOf(pass) == kForwardPass;
    now_[device] = end;
    arrival_[pass][n] = end + (is_forward ? problem_.link_ns[chunk] : chunk > 0 ? problem_.link_ns[chunk - 1] : 0);
    live_[device] += change;
    work_left_[device] -= problem_.duration[pass];
    ++count_[pass];
    Visit();
    --count_[pass];
    work_left_[device] += problem_.duration[pass];
    live_[device] -= change;
    now_[device] = before;
  }

  bool Wait(int32_t source, int n, Nanos& start) const {
    if (count_[source] <= n) return false;
    start = std::max(start, arrival_[source][n]);
    return true;
  }

  // Whether an earlier state with the same counts was at least as far in every way; if not, remembers this one.
  bool IsDominated() {
    std::string key(count_.begin(), count_.end());
    std::vector<Nanos> state = now_;
    for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
      if (chunk + 1 < problem_.num_chunks) Append(PassOf(chunk, kForwardPass), PassOf(chunk + 1, kForwardPass), state);
      if (chunk > 0) Append(PassOf(chunk, kInputPass), PassOf(chunk - 1, kInputPass), state);
    }
    std::vector<std::vector<Nanos>>& seen = seen_[key];
    for (const std::vector<Nanos>& other : seen) {
      if (std::equal(other.begin(), other.end(), state.begin(), [](Nanos a, Nanos b) { return a <= b; })) return true;
    }
    seen.push_back(std::move(state));
    return false;
  }

  // Appends the arrivals that no pass has read yet, or the time at which the reader's device is free if that is later.
  void Append(int32_t pass, int32_t reader, std::vector<Nanos>& state) const {
    const Nanos free_at = now_[problem_.device_of_chunk[ChunkOf(reader)]];
    for (int n = count_[reader]; n < count_[pass]; ++n) state.push_back(std::max(free_at, arrival_[pass][n]));
  }

  const SearchProblem& problem_;
  Nanos best_;
  std::vector<int32_t> count_;
  std::vector<std::vector<Nanos>> arrival_;  // [pass][n]
  std::vector<Nanos> now_;
  std::vector<int64_t> live_;
  std::vector<Nanos> work_left_;
  std::unordered_map<std::string, std::vector<std::vector<Nanos>>> seen_;
};

}  // namespace

Nanos BestObjective(const SearchProblem& problem, Nanos known) { return Exhaustive(problem, known).Run(); }

}  // namespace baton
