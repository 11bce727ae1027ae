// Heads of what is left, then each device by itself; see exact_bound.h.
#include "schedules/search/exact_bound.h"

#include <algorithm>

namespace baton {

ExactBound::ExactBound(const SearchProblem& problem)
    : problem_(problem),
      m_(problem.num_micro_batches),
      windows_(problem),
      heads_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * m_),
      releases_(problem.num_chunks),
      first_starts_(problem.num_devices) {}

Nanos ExactBound::Of(const ExactState& state) {
  FindHeads(state);
  Nanos bound = INT64_MIN;
  for (int device = 0; device < problem_.num_devices; ++device) {
    passes_.clear();
    Nanos first = INT64_MAX;
    for (const int32_t chunk : problem_.chunks_of_device[device]) {
      for (int kind = 0; kind < kNumPassKinds; ++kind) {
        const int32_t pass = PassOf(chunk, static_cast<PassKind>(kind));
        for (int n = state.Count(pass); n < m_; ++n) {
          passes_.push_back({Head(pass, n), windows_.Tail(pass, n), problem_.duration[pass]});
          first = std::min(first, Head(pass, n));
        }
      }
    }
    first_starts_[device] = passes_.empty() ? state.Now(device) : first;
    bound = std::max(bound, passes_.empty() ? state.Now(device) + problem_.tail_ns[device] : PreemptiveBound(passes_));
  }
  return bound;
}

Nanos ExactBound::ArrivalOf(const ExactState& state, int32_t pass, int n) {
  if (n < state.Count(pass)) return state.Arrival(pass, n);
  return Head(pass, n) + problem_.duration[pass] + state.LatencyOf(pass);
}

// After the device's time, the pass of the micro-batch before, and the data.
Nanos ExactBound::SequenceHead(const ExactState& state, int32_t pass, int n) {
  Nanos head = state.Now(problem_.device_of_chunk[ChunkOf(pass)]);
  if (n > state.Count(pass)) head = std::max(head, Head(pass, n - 1) + problem_.duration[pass]);
  if (const int32_t source = state.SourceOf(pass); source >= 0) {
    head = std::max(head, ArrivalOf(state, source, n));
  }
  return head;
}

void ExactBound::FindHeads(const ExactState& state) {
  for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
    const std::vector<int32_t>& chunks = problem_.chunks_of_device[problem_.device_of_chunk[chunk]];
    Releases& releases = releases_[chunk];
    releases.next.resize(2 * chunks.size());
    for (size_t i = 0; i < chunks.size(); ++i) {
      releases.next[2 * i] = state.Count(PassOf(chunks[i], kInputPass));
      releases.next[2 * i + 1] = state.Count(PassOf(chunks[i], kWeightPass));
    }
    releases.released = 0;
    releases.time = 0;
  }
  for (int n = 0; n < m_; ++n) {
    for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
      const int32_t forward = PassOf(chunk, kForwardPass);
      if (n < state.Count(forward)) continue;
      const Nanos head = std::max(SequenceHead(state, forward, n), MemoryHead(state, chunk, n));
      Head(forward, n) = std::max(head, WorkBeforeForward(state, chunk, n));
    }
    for (int32_t chunk = problem_.num_chunks - 1; chunk >= 0; --chunk) {
      const int32_t input = PassOf(chunk, kInputPass);
      if (n >= state.Count(input)) {
        Head(input, n) = std::max(SequenceHead(state, input, n), WorkBeforeInput(state, chunk, n));
      }
      const int32_t weight = PassOf(chunk, kWeightPass);
      if (n < state.Count(weight)) continue;
      const Nanos after_input = n < state.Count(input) ? 0 : Head(input, n) + problem_.duration[input];
      Head(weight, n) = std::max(SequenceHead(state, weight, n), after_input);
    }
  }
}

// As HeadsAndTails::MemoryHead, from what is live in the state. Forwards of later chunks that have run are freed too;
// those that have not free no more than they take.
Nanos ExactBound::MemoryHead(const ExactState& state, int32_t chunk, int n) {
  const int device = problem_.device_of_chunk[chunk];
  const std::vector<int32_t>& chunks = problem_.chunks_of_device[device];
  Releases& releases = releases_[chunk];
  int64_t needed = state.Live(device) - problem_.limit[device];
  for (const int32_t each : chunks) {
    if (each > chunk) break;
    needed += std::max(0, n + 1 - state.Count(PassOf(each, kForwardPass))) * problem_.activation[each];
  }
  while (releases.released < needed) {
    Nanos earliest = INT64_MAX;
    size_t list = 0;
    for (size_t i = 0; i < 2 * chunks.size(); ++i) {
      const int32_t each = chunks[i / 2];
      const int end = each <= chunk ? n : state.Count(PassOf(each, kForwardPass));
      if (releases.next[i] >= end) continue;
      const int32_t pass = PassOf(each, i % 2 == 0 ? kInputPass : kWeightPass);
      const Nanos time = Head(pass, releases.next[i]) + problem_.duration[pass];
      if (time < earliest) {
        earliest = time;
        list = i;
      }
    }
    if (earliest == INT64_MAX) return kNever / 4;  // this state can never have the memory
    ++releases.next[list];
    const int32_t from = chunks[list / 2];
    releases.released +=
        list % 2 == 0 ? problem_.activation[from] - problem_.weight_activation[from] : problem_.weight_activation[from];
    releases.time = std::max(releases.time, earliest);
  }
  return releases.time;
}

void ExactBound::AddRun(const ExactState& state, int32_t pass, int end) {
  merger_.Add({&Head(pass, 0), problem_.duration[pass], state.Count(pass), std::max(state.Count(pass), end)});
}

// With one chunk on the device: the forwards before, and the backwards that must free memory.
Nanos ExactBound::WorkBeforeForward(const ExactState& state, int32_t chunk, int n) {
  if (problem_.chunks_of_device[problem_.device_of_chunk[chunk]].size() > 1 || n == 0) return 0;
  const HeadsAndTails::Needed needed = windows_.NeededBefore(chunk, n);
  if (needed.inputs == 0) return 0;
  merger_.Clear();
  AddRun(state, PassOf(chunk, kForwardPass), n);
  AddRun(state, PassOf(chunk, kInputPass), needed.inputs);
  AddRun(state, PassOf(chunk, kWeightPass), needed.weights);
  return merger_.EarliestEnd();
}

// The forwards of this and earlier micro-batches on the device, and the backward-inputs that come before.
Nanos ExactBound::WorkBeforeInput(const ExactState& state, int32_t chunk, int n) {
  merger_.Clear();
  for (const int32_t each : problem_.chunks_of_device[problem_.device_of_chunk[chunk]]) {
    AddRun(state, PassOf(each, kForwardPass), n + 1);
    if (each >= chunk) AddRun(state, PassOf(each, kInputPass), each > chunk ? n + 1 : n);
  }
  return merger_.EarliestEnd();
}

}  // namespace baton
