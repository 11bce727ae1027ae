// Runs the devices of a word in turn, each as far as it can; on shared cores in the order of time. See timing.h.
#include "schedules/search/timing.h"

#include <algorithm>

namespace baton {

Timing::Timing(const SearchProblem& problem)
    : problem_(problem),
      arrival_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * problem.num_micro_batches),
      count_(problem.num_chunks * kNumPassKinds),
      cursor_(problem.num_devices),
      now_(problem.num_devices),
      is_runnable_(problem.num_devices),
      starts_(problem.num_passes()),
      source_(problem.num_chunks * kNumPassKinds, -1),
      reader_(problem.num_chunks * kNumPassKinds, -1),
      latency_(problem.num_chunks * kNumPassKinds, 0) {
  runnable_.reserve(problem.num_devices);
  if (problem.cores.AreShared(problem.num_devices)) {
    cores_.emplace(problem.cores, problem.num_devices);
    pass_ends_.resize(problem.num_passes());
    is_computing_.resize(problem.num_devices);
  }
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    if (chunk > 0) {
      source_[PassOf(chunk, kForwardPass)] = PassOf(chunk - 1, kForwardPass);
      reader_[PassOf(chunk, kInputPass)] = PassOf(chunk - 1, kInputPass);
      latency_[PassOf(chunk, kInputPass)] = problem.link_ns[chunk - 1];
    }
    if (chunk + 1 < problem.num_chunks) {
      source_[PassOf(chunk, kInputPass)] = PassOf(chunk + 1, kInputPass);
      reader_[PassOf(chunk, kForwardPass)] = PassOf(chunk + 1, kForwardPass);
      latency_[PassOf(chunk, kForwardPass)] = problem.link_ns[chunk];
    }
  }
}

Nanos Timing::Time(const Word& word) { return Run<false>(word); }
Nanos Timing::TimeWithStarts(const Word& word) { return Run<true>(word); }

// Starts what the device does next, if it is known when that may start: its next pass, or its tail after the last one.
// False if the word's own passes are in an order that cannot run.
bool Timing::StartNext(int device, const Word& word) {
  const int32_t position = cursor_[device];
  const int32_t end = problem_.first_pass[device + 1];
  if (is_computing_[device] || position > end) return true;
  Nanos start = now_[device];
  Nanos work = problem_.tail_ns[device];
  if (position < end) {
    const int32_t pass = word[position];
    const int32_t n = count_[pass];
    if (const int32_t source = source_[pass]; source >= 0) {
      if (n >= count_[source]) return true;
      start = std::max(start, arrival_[static_cast<size_t>(source) * problem_.num_micro_batches + n]);
    }
    if (KindOf(pass) != kForwardPass && n >= count_[pass - 1]) return false;
    starts_[position] = start;
    work = problem_.duration[pass];
  }
  is_computing_[device] = 1;
  cores_->Start(device, start, work);
  return true;
}

Nanos Timing::RunOnSharedCores(const Word& word) {
  cores_->Reset();
  std::fill(count_.begin(), count_.end(), 0);
  std::fill(now_.begin(), now_.end(), 0);
  std::fill(is_computing_.begin(), is_computing_.end(), 0);
  for (int device = 0; device < problem_.num_devices; ++device) cursor_[device] = problem_.first_pass[device];
  for (int device = 0; device < problem_.num_devices; ++device) {
    if (!StartNext(device, word)) return kNever;
  }
  int32_t left = problem_.num_passes();
  while (cores_->NextEvent() < kNoEvent) {
    const Nanos now = cores_->NextEvent();
    const int device = cores_->Advance();
    if (device < 0) continue;
    is_computing_[device] = 0;
    now_[device] = now;
    const int32_t position = cursor_[device]++;
    if (position >= problem_.first_pass[device + 1]) continue;  // its tail
    --left;
    const int32_t pass = word[position];
    pass_ends_[position] = now;
    arrival_[static_cast<size_t>(pass) * problem_.num_micro_batches + count_[pass]++] = now + latency_[pass];
    if (!StartNext(device, word)) return kNever;
    const int32_t reader = reader_[pass];
    if (reader >= 0 && !StartNext(problem_.device_of_chunk[ChunkOf(reader)], word)) return kNever;
  }
  if (left > 0) return kNever;
  Nanos objective = INT64_MIN;
  for (int device = 0; device < problem_.num_devices; ++device) {
    objective = std::max(objective, now_[device]);
  }
  return objective;
}

template <bool keeps_starts>
Nanos Timing::Run(const Word& word) {
  if (cores_) return RunOnSharedCores(word);
  const int num_devices = problem_.num_devices;
  const int32_t m = problem_.num_micro_batches;
  std::fill(count_.begin(), count_.end(), 0);
  std::fill(now_.begin(), now_.end(), 0);
  runnable_.clear();
  for (int device = num_devices - 1; device >= 0; --device) {
    cursor_[device] = problem_.first_pass[device];
    runnable_.push_back(device);
    is_runnable_[device] = 1;
  }
  int32_t left = problem_.num_passes();
  while (!runnable_.empty()) {
    const int device = runnable_.back();
    runnable_.pop_back();
    is_runnable_[device] = 0;
    const int32_t end = problem_.first_pass[device + 1];
    int32_t position = cursor_[device];
    Nanos now = now_[device];
    for (; position < end; ++position) {
      const int32_t pass = word[position];
      const int32_t source = source_[pass];
      const int32_t n = count_[pass];
      if (source >= 0) {
        if (n >= count_[source]) break;
        now = std::max(now, arrival_[static_cast<size_t>(source) * m + n]);
      }
      // The chunk's own earlier pass must stand before it on the same device.
      if (KindOf(pass) != kForwardPass && n >= count_[pass - 1]) return kNever;
      if (keeps_starts) starts_[position] = now;
      now += problem_.duration[pass];
      arrival_[static_cast<size_t>(pass) * m + n] = now + latency_[pass];
      count_[pass] = n + 1;
      if (const int32_t reader = reader_[pass]; reader >= 0) {
        const int32_t other = problem_.device_of_chunk[ChunkOf(reader)];
        if (other != device && !is_runnable_[other]) {
          is_runnable_[other] = 1;
          runnable_.push_back(other);
        }
      }
    }
    left -= position - cursor_[device];
    cursor_[device] = position;
    now_[device] = now;
  }
  if (left > 0) return kNever;
  Nanos objective = INT64_MIN;
  for (int device = 0; device < num_devices; ++device) {
    objective = std::max(objective, now_[device] + problem_.tail_ns[device]);
  }
  return objective;
}

bool IsWithinLimits(const SearchProblem& problem, const Word& word) {
  for (int device = 0; device < problem.num_devices; ++device) {
    int64_t live = 0;
    for (int32_t position = problem.first_pass[device]; position < problem.first_pass[device + 1]; ++position) {
      const int32_t chunk = ChunkOf(word[position]);
      switch (KindOf(word[position])) {
        case kForwardPass:
          live += problem.activation[chunk];
          if (live > problem.limit[device]) return false;
          break;
        case kInputPass:
          live -= problem.activation[chunk] - problem.weight_activation[chunk];
          break;
        default:
          live -= problem.weight_activation[chunk];
      }
    }
  }
  return true;
}

}  // namespace baton
