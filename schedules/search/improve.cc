// Record-to-record travel; see improve.h.
#include "schedules/search/improve.h"

#include <algorithm>
#include <iterator>

namespace baton {
namespace {

// A word is kept if it is longer than the best one by at most this many mean passes. Little slack finds better words
// nearby; more slack leaves a region that has none.
constexpr double kSlackPasses[] = {0.2, 0.6, 1, 2};

// After this many moves without a better word the search restarts at the best one with the next slack: for each pass of
// the problem, and at least.
constexpr int64_t kPatiencePerPass = 20;
constexpr int64_t kLeastPatience = 1000;

// The largest distance that a pass moves within its device's word, in positions.
constexpr int kFarthest = 12;

}  // namespace

Improver::Improver(const SearchProblem& problem, const Word& start, uint64_t seed)
    : problem_(problem),
      patience_(std::max(kLeastPatience, kPatiencePerPass * problem.num_passes())),
      random_(seed),
      timing_(problem),
      word_(start),
      best_(start),
      starts_(problem.num_passes()),
      nth_(problem.num_passes()),
      position_of_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * problem.num_micro_batches),
      count_(problem.num_chunks * kNumPassKinds) {
  double work = 0;
  for (const int32_t pass : start) work += static_cast<double>(problem.duration[pass]);
  for (const double passes : kSlackPasses) {
    slack_ns_.push_back(static_cast<Nanos>(passes * work / std::max(1, problem.num_passes())));
  }
  Settle(timing_.TimeWithStarts(word_));
  best_ns_ = word_ns_;
}

// Adopts word_, whose times timing_ has just computed.
void Improver::Settle(Nanos objective) {
  word_ns_ = objective;
  starts_ = timing_.starts();
  std::fill(count_.begin(), count_.end(), 0);
  for (int32_t position = 0; position < problem_.num_passes(); ++position) {
    const int32_t pass = word_[position];
    nth_[position] = count_[pass]++;
    position_of_[static_cast<size_t>(pass) * problem_.num_micro_batches + nth_[position]] = position;
  }
  FindCriticalPath();
}

void Improver::FindCriticalPath() {
  critical_.clear();
  int device = 0;
  for (int each = 0; each < problem_.num_devices; ++each) {
    if (timing_.EndOf(each) == word_ns_) device = each;
  }
  int32_t position = problem_.first_pass[device + 1] - 1;
  for (;;) {
    critical_.push_back(position);
    const int32_t pass = word_[position];
    const int32_t chunk = ChunkOf(pass);
    device = problem_.device_of_chunk[chunk];
    if (position > problem_.first_pass[device] && timing_.PassEnd(word_, position - 1) == starts_[position]) {
      --position;
      continue;
    }
    const bool is_forward = KindOf(pass) == kForwardPass;
    const int32_t source = is_forward ? chunk - 1 : chunk + 1;
    if (KindOf(pass) == kWeightPass || source < 0 || source == problem_.num_chunks) return;
    position =
        position_of_[static_cast<size_t>(PassOf(source, KindOf(pass))) * problem_.num_micro_batches + nth_[position]];
  }
}

void Improver::Move() {
  ++num_moves_;
  random_.BeginMove(num_moves_);
  if (num_moves_ - last_better_ > patience_) {
    last_better_ = num_moves_;
    ++num_restarts_;
    word_ = best_;
    Settle(timing_.TimeWithStarts(word_));
  }
  const int32_t from = critical_[random_.Below(static_cast<uint32_t>(critical_.size()))];
  const int32_t device = problem_.device_of_chunk[ChunkOf(word_[from])];
  const int32_t first = problem_.first_pass[device];
  const int32_t last = problem_.first_pass[device + 1] - 1;
  // Short distances are more likely than long ones.
  const int32_t distance = 1 + static_cast<int32_t>(random_.Below(1 + random_.Below(kFarthest)));
  const int32_t to = std::clamp(random_.Below(2) == 0 ? from - distance : from + distance, first, last);
  if (word_[to] == word_[from]) return;
  const bool swaps = random_.Below(3) == 0;
  if (swaps) {
    std::swap(word_[from], word_[to]);
  } else {
    Rotate(from, to);
  }
  if (IsSound(device)) {
    const Nanos objective = timing_.TimeWithStarts(word_);
    if (objective <= best_ns_ + slack_ns_[num_restarts_ % std::size(kSlackPasses)]) {
      Settle(objective);
      if (objective < best_ns_) {
        best_ = word_;
        best_ns_ = objective;
        last_better_ = num_moves_;
      }
      return;
    }
  }
  if (swaps) {
    std::swap(word_[from], word_[to]);
  } else {
    Rotate(to, from);
  }
}

// Moves the pass at `from` to `to` and shifts those between by one.
void Improver::Rotate(int from, int to) {
  const auto word = word_.begin();
  if (from < to) {
    std::rotate(word + from, word + from + 1, word + to + 1);
  } else {
    std::rotate(word + to, word + from, word + from + 1);
  }
}

// Whether the device's word keeps the order of each micro-batch's own passes, and the limit.
bool Improver::IsSound(int device) {
  for (const int32_t chunk : problem_.chunks_of_device[device]) {
    for (int kind = 0; kind < kNumPassKinds; ++kind) count_[PassOf(chunk, static_cast<PassKind>(kind))] = 0;
  }
  int64_t live = 0;
  for (int32_t position = problem_.first_pass[device]; position < problem_.first_pass[device + 1]; ++position) {
    const int32_t pass = word_[position];
    const int32_t chunk = ChunkOf(pass);
    ++count_[pass];
    switch (KindOf(pass)) {
      case kForwardPass:
        live += problem_.activation[chunk];
        if (live > problem_.limit[device]) return false;
        break;
      case kInputPass:
        if (count_[pass] > count_[pass - 1]) return false;
        live -= problem_.activation[chunk] - problem_.weight_activation[chunk];
        break;
      default:
        if (count_[pass] > count_[pass - 1]) return false;
        live -= problem_.weight_activation[chunk];
    }
  }
  return true;
}

}  // namespace baton
