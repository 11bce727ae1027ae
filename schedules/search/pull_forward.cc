// See pull_forward.h.
#include "schedules/search/pull_forward.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "schedules/search/timing.h"

namespace baton {
namespace {

// A device looks at so many passes of its word at a time.
constexpr int kWindow = 40;

class Puller {
 public:
  Puller(const SearchProblem& problem, const Word& word, double share)
      : problem_(problem),
        m_(problem.num_micro_batches),
        share_(share),
        word_(word),
        next_(problem.first_pass.begin(), problem.first_pass.end() - 1),
        count_(problem.num_chunks * kNumPassKinds),
        arrival_(count_.size() * m_, kNever),
        live_(problem.num_devices),
        free_at_(problem.num_devices),
        is_behind_(count_.size()) {}

  Word Run() {
    for (int device = 0; device < problem_.num_devices; ++device) events_.push({0, device});
    while (!events_.empty()) {
      const auto [now, device] = events_.top();
      events_.pop();
      if (free_at_[device] > now || next_[device] == problem_.first_pass[device + 1]) continue;
      const int32_t position = Choose(device, now);
      if (position >= 0) Start(device, position, now);
    }
    return std::move(word_);
  }

 private:
  using Event = std::pair<Nanos, int>;  // when to look at which device

  int64_t ChangeOf(int32_t pass) const {
    const int32_t chunk = ChunkOf(pass);
    const int64_t weight = problem_.weight_activation[chunk];
    const int64_t changes[] = {problem_.activation[chunk], weight - problem_.activation[chunk], -weight};
    return changes[KindOf(pass)];
  }
  // When the pass's next input is there; kNever if that is not known yet.
  Nanos ReadyAt(int32_t pass) const {
    if (KindOf(pass) == kWeightPass) return count_[pass - 1] > count_[pass] ? 0 : kNever;
    const int32_t chunk = ChunkOf(pass);
    int32_t source = pass - 1;  // of the last chunk's backward-input
    if (KindOf(pass) == kForwardPass) {
      if (chunk == 0) return 0;
      source = PassOf(chunk - 1, kForwardPass);
    } else if (KindOf(pass) == kInputPass && chunk + 1 < problem_.num_chunks) {
      source = PassOf(chunk + 1, kInputPass);
    }
    return arrival_[static_cast<size_t>(source) * m_ + count_[pass]];
  }

  // Returns the position of the pass that the device runs now, or −1 and looks again when a pass can start.
  int32_t Choose(int device, Nanos now) {
    const int32_t first = next_[device];
    const Nanos first_at = ReadyAt(word_[first]);
    if (first_at <= now) return first;
    const int32_t end = std::min(problem_.first_pass[device + 1], first + kWindow);
    Nanos look_at = first_at;
    int64_t live = live_[device], most = live;  // after the passes behind which the one at `position` stands
    int32_t chosen = -1;
    for (int32_t position = first; position < end && chosen < 0; ++position) {
      const int32_t pass = word_[position];
      const int64_t need = std::max<int64_t>(0, ChangeOf(pass));
      if (!is_behind_[pass] && most + need <= problem_.limit[device]) {
        const Nanos at = ReadyAt(pass);
        const auto counted = static_cast<Nanos>(share_ * static_cast<double>(problem_.duration[pass]));
        if (at > now) {
          look_at = std::min(look_at, at);
        } else if (first_at == kNever || now + counted <= first_at) {
          chosen = position;
        }
      }
      is_behind_[pass] = 1;  // a later micro-batch's pass of this kind stays behind this one
      live += ChangeOf(pass);
      most = std::max(most, live);
    }
    for (int32_t position = first; position < end; ++position) is_behind_[word_[position]] = 0;
    if (chosen < 0 && look_at != kNever) events_.push({look_at, device});
    return chosen;
  }

  void Start(int device, int32_t position, Nanos now) {
    const auto begin = word_.begin();
    std::rotate(begin + next_[device], begin + position, begin + position + 1);
    const int32_t pass = word_[next_[device]++];
    const int32_t chunk = ChunkOf(pass);
    const Nanos end = now + problem_.duration[pass];
    live_[device] += ChangeOf(pass);
    free_at_[device] = end;
    events_.push({end, device});
    int32_t reader = -1;
    Nanos link_ns = 0;
    if (KindOf(pass) == kForwardPass && chunk + 1 < problem_.num_chunks) {
      reader = chunk + 1;
      link_ns = problem_.link_ns[chunk];
    } else if (KindOf(pass) == kInputPass && chunk > 0) {
      reader = chunk - 1;
      link_ns = problem_.link_ns[chunk - 1];
    }
    arrival_[static_cast<size_t>(pass) * m_ + count_[pass]++] = end + link_ns;
    if (reader < 0) return;
    const int other = problem_.device_of_chunk[reader];
    if (other != device) events_.push({std::max(end + link_ns, free_at_[other]), other});
  }

  const SearchProblem& problem_;
  const int m_;
  const double share_;
  Word word_;                       // up to next_ as it runs
  std::vector<int32_t> next_;       // [device] position
  std::vector<int32_t> count_;      // [pass]
  std::vector<Nanos> arrival_;      // [pass × micro-batches + n] at the reader on another device
  std::vector<int64_t> live_;       // [device]
  std::vector<Nanos> free_at_;      // [device]
  std::vector<uint8_t> is_behind_;  // [pass] scratch
  std::priority_queue<Event, std::vector<Event>, std::greater<Event>> events_;
};

}  // namespace

Word PullForward(const SearchProblem& problem, const Word& word, double share) {
  return Puller(problem, word, share).Run();
}

}  // namespace baton
