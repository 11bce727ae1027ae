// See exact_state.h.
#include "schedules/search/exact_state.h"

#include <algorithm>

namespace baton {

ExactState::ExactState(const SearchProblem& problem)
    : problem_(problem),
      m_(problem.num_micro_batches),
      num_left_(problem.num_passes()),
      count_(problem.num_chunks * kNumPassKinds),
      arrival_(count_.size() * m_),
      now_(problem.num_devices),
      live_(problem.num_devices),
      blocked_(problem.num_devices),
      place_(problem.num_chunks),
      source_(count_.size(), -1),
      latency_(count_.size(), 0),
      run_(problem.num_devices) {
  for (const std::vector<int32_t>& chunks : problem.chunks_of_device) {
    for (size_t i = 0; i < chunks.size(); ++i) place_[chunks[i]] = static_cast<int32_t>(i);
  }
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    if (chunk > 0) {
      source_[PassOf(chunk, kForwardPass)] = PassOf(chunk - 1, kForwardPass);
      latency_[PassOf(chunk, kInputPass)] = problem.link_ns[chunk - 1];
    }
    const bool is_last = chunk + 1 == problem.num_chunks;
    source_[PassOf(chunk, kInputPass)] = is_last ? PassOf(chunk, kForwardPass) : PassOf(chunk + 1, kInputPass);
    if (!is_last) latency_[PassOf(chunk, kForwardPass)] = problem.link_ns[chunk];
  }
}

int64_t ExactState::ChangeOf(int32_t pass) const {
  const int32_t chunk = ChunkOf(pass);
  switch (KindOf(pass)) {
    case kForwardPass:
      return problem_.activation[chunk];
    case kInputPass:
      return problem_.weight_activation[chunk] - problem_.activation[chunk];
    default:
      return -problem_.weight_activation[chunk];
  }
}

Nanos ExactState::NextStart(int32_t pass) const {
  const int32_t n = count_[pass];
  if (n == m_) return kNever;
  const int32_t chunk = ChunkOf(pass);
  const int device = problem_.device_of_chunk[chunk];
  if (KindOf(pass) == kForwardPass) {
    if (live_[device] + problem_.activation[chunk] > problem_.limit[device]) return kNever;
    if ((blocked_[device] >> place_[chunk] & 1) != 0) return kNever;
  }
  if (KindOf(pass) == kWeightPass) return count_[PassOf(chunk, kInputPass)] > n ? now_[device] : kNever;
  const int32_t source = source_[pass];
  if (source < 0) return now_[device];
  if (count_[source] <= n) return kNever;
  return std::max(now_[device], Arrival(source, n));
}

ExactState::Before ExactState::Run(int32_t pass) {
  const int device = problem_.device_of_chunk[ChunkOf(pass)];
  const Before before = {now_[device], blocked_[device]};
  const Nanos start = NextStart(pass);
  now_[device] = start + problem_.duration[pass];
  arrival_[static_cast<size_t>(pass) * m_ + count_[pass]++] = now_[device] + latency_[pass];
  live_[device] += ChangeOf(pass);
  blocked_[device] = 0;
  run_[device].push_back(pass);
  --num_left_;
  return before;
}

void ExactState::UndoRun(int32_t pass, const Before& before) {
  const int device = problem_.device_of_chunk[ChunkOf(pass)];
  ++num_left_;
  run_[device].pop_back();
  blocked_[device] = before.blocked;
  live_[device] -= ChangeOf(pass);
  --count_[pass];
  now_[device] = before.now;
}

ExactState::Before ExactState::Block(int32_t forward) {
  const int32_t chunk = ChunkOf(forward);
  const int device = problem_.device_of_chunk[chunk];
  const Before before = {now_[device], blocked_[device]};
  blocked_[device] |= uint64_t{1} << place_[chunk];
  return before;
}

void ExactState::UndoBlock(int32_t forward, const Before& before) {
  blocked_[problem_.device_of_chunk[ChunkOf(forward)]] = before.blocked;
}

bool ExactState::HasRoomForAll(int device) const {
  int64_t live = live_[device];
  for (const int32_t chunk : problem_.chunks_of_device[device]) {
    live += (m_ - count_[PassOf(chunk, kForwardPass)]) * problem_.activation[chunk];
  }
  return live <= problem_.limit[device];
}

Word ExactState::ToWord() const {
  Word word;
  for (const std::vector<int32_t>& passes : run_) word.insert(word.end(), passes.begin(), passes.end());
  return word;
}

}  // namespace baton
