// Depth first over active schedules; see exact.h.
#include "schedules/search/exact.h"

#include <algorithm>

namespace baton {
namespace {

constexpr size_t kMostMemoBytes = size_t{1} << 29;

}  // namespace

Exact::Exact(const SearchProblem& problem)
    : problem_(problem), state_(problem), bound_(problem), memo_(problem, kMostMemoBytes) {}

Exact::Outcome Exact::Run(Nanos target, const std::function<bool()>& may_go_on) {
  target_ = target;
  may_go_on_ = &may_go_on;
  memo_.Clear();
  return Visit(/*is_new=*/true) ? Outcome::kProven : Outcome::kStopped;
}

bool Exact::Visit(bool is_new) {
  if (!(*may_go_on_)()) return false;
  const Nanos bound = bound_.Of(state_);
  if (bound > target_) return true;
  if (state_.IsDone()) {
    best_ = state_.ToWord();
    best_ns_ = bound;
    target_ = bound - 1;
    return true;
  }
  if (is_new && memo_.IsDominated(state_, bound_.first_starts())) return true;
  bool goes_on = true;
  for (const Choice& choice : ChoicesOf()) {
    if (choice.is_blocked) {
      const ExactState::Before before = state_.Block(choice.pass);
      goes_on = Visit(/*is_new=*/false);
      state_.UndoBlock(choice.pass, before);
    } else {
      const ExactState::Before before = state_.Run(choice.pass);
      goes_on = Visit(/*is_new=*/true);
      state_.UndoRun(choice.pass, before);
    }
    if (!goes_on) return false;
  }
  return true;
}

std::vector<Exact::Choice> Exact::ChoicesOf() const {
  int32_t first = -1;
  Nanos first_end = INT64_MAX;
  for (int32_t pass = 0; pass < problem_.num_chunks * kNumPassKinds; ++pass) {
    const Nanos start = state_.NextStart(pass);
    if (start == kNever || start + problem_.duration[pass] >= first_end) continue;
    first = pass;
    first_end = start + problem_.duration[pass];
  }
  if (first < 0) return {};  // blocked forwards are all that is left
  const int device = problem_.device_of_chunk[ChunkOf(first)];
  const std::vector<int32_t>& chunks = problem_.chunks_of_device[device];
  if (KindOf(first) == kForwardPass && chunks.size() > 1 && !state_.HasRoomForAll(device)) {
    return {{first, false}, {first, true}};
  }
  std::vector<Choice> choices;
  for (const int32_t chunk : chunks) {
    for (int kind = 0; kind < kNumPassKinds; ++kind) {
      const int32_t pass = PassOf(chunk, static_cast<PassKind>(kind));
      const Nanos start = state_.NextStart(pass);
      if (pass == first || (start != kNever && start < first_end)) choices.push_back({pass, false});
    }
  }
  // The most urgent one first.
  const auto urgency = [this](const Choice& choice) {
    return bound_.Tail(choice.pass, state_.Count(choice.pass)) + problem_.duration[choice.pass];
  };
  std::stable_sort(choices.begin(), choices.end(),
                   [&](const Choice& a, const Choice& b) { return urgency(a) > urgency(b); });
  return choices;
}

}  // namespace baton
