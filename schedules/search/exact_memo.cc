// See exact_memo.h.
#include "schedules/search/exact_memo.h"

#include <algorithm>

namespace baton {
namespace {

// Bytes of a remembered state beside its numbers, about.
constexpr size_t kOverhead = 112;

template <typename T>
bool IsNowhereAbove(const std::vector<T>& a, const std::vector<T>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
  }
  return true;
}

}  // namespace

bool ExactMemo::IsDominated(const ExactState& state, const std::vector<Nanos>& first_starts) {
  key_.clear();
  for (const int32_t count : state.counts()) {
    key_.push_back(static_cast<char>(count & 255));
    key_.push_back(static_cast<char>(count >> 8));
  }
  // Nothing starts before first_starts, so earlier times make no difference.
  times_ = first_starts;
  for (int32_t pass = 0; pass < static_cast<int32_t>(state.counts().size()); ++pass) {
    const int32_t source = state.SourceOf(pass);
    if (source < 0) continue;
    const Nanos first = first_starts[problem_.device_of_chunk[ChunkOf(pass)]];
    for (int n = state.Count(pass); n < state.Count(source); ++n) {
      times_.push_back(std::max(first, state.Arrival(source, n)));
    }
  }
  std::vector<uint64_t> blocked(problem_.num_devices);
  for (int device = 0; device < problem_.num_devices; ++device) blocked[device] = state.Blocked(device);

  std::vector<Seen>& seen = seen_[key_];
  for (const Seen& other : seen) {
    const auto forbids_more = [](uint64_t theirs, uint64_t ours) { return (theirs & ~ours) != 0; };
    bool is_free = true;
    for (size_t i = 0; i < blocked.size(); ++i) is_free = is_free && !forbids_more(other.blocked[i], blocked[i]);
    if (is_free && IsNowhereAbove(other.times, times_)) return true;
  }
  if (bytes_ < most_bytes_) {
    bytes_ += kOverhead + sizeof(Nanos) * (times_.size() + blocked.size()) + key_.size();
    seen.push_back({times_, std::move(blocked)});
  }
  return false;
}

void ExactMemo::Clear() {
  seen_.clear();
  bytes_ = 0;
}

}  // namespace baton
