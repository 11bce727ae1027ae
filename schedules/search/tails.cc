// Tails, from the last micro-batch to the first; see heads_and_tails.h.
#include <algorithm>

#include "schedules/search/heads_and_tails.h"

namespace baton {

void HeadsAndTails::FindTails() {
  for (int n = m_ - 1; n >= 0; --n) {
    for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
      const int32_t weight = PassOf(chunk, kWeightPass);
      // Already has a value if a forward waits for this pass.
      const Nanos after =
          n + 1 < m_ ? Tail(weight, n + 1) + Duration(weight) : problem_.tail_ns[problem_.device_of_chunk[chunk]];
      Tail(weight, n) = std::max(Tail(weight, n), after);
      Tail(PassOf(chunk, kInputPass), n) = InputTail(chunk, n);
    }
    for (int32_t chunk = problem_.num_chunks - 1; chunk >= 0; --chunk) {
      const int32_t forward = PassOf(chunk, kForwardPass);
      Tail(forward, n) = ForwardTail(chunk, n);
      if (ChunksBeside(chunk).size() > 1 || n == 0) continue;
      // These passes must end before this forward starts.
      const Needed needed = NeededBefore(chunk, n);
      const Nanos tail = Duration(forward) + Tail(forward, n);
      auto raise = [&](PassKind kind, int count) {
        if (count > 0) Tail(PassOf(chunk, kind), count - 1) = std::max(Tail(PassOf(chunk, kind), count - 1), tail);
      };
      raise(kInputPass, needed.inputs);
      raise(kWeightPass, needed.weights);
    }
  }
}

Nanos HeadsAndTails::InputTail(int32_t chunk, int n) {
  const int32_t pass = PassOf(chunk, kInputPass);
  const int32_t weight = PassOf(chunk, kWeightPass);
  // Already has a value if a forward waits for this pass.
  Nanos tail = std::max(Tail(pass, n), Duration(weight) + Tail(weight, n));
  if (n + 1 < m_) tail = std::max(tail, Duration(pass) + Tail(pass, n + 1));
  if (chunk > 0) {
    const int32_t reader = PassOf(chunk - 1, kInputPass);
    tail = std::max(tail, problem_.link_ns[chunk - 1] + Duration(reader) + Tail(reader, n));
  }
  if (!merges_) return tail;
  merger_.Clear();
  for (const int32_t each : ChunksBeside(chunk)) {
    if (each > chunk) break;
    merger_.Add(TailsOf(each, kInputPass, each < chunk ? n : n + 1));
    merger_.Add(TailsOf(each, kWeightPass, n));
  }
  return std::max(tail, merger_.LongestTail());
}

Nanos HeadsAndTails::ForwardTail(int32_t chunk, int n) {
  const int32_t pass = PassOf(chunk, kForwardPass);
  Nanos tail = 0;
  if (chunk + 1 < problem_.num_chunks) {
    const int32_t reader = PassOf(chunk + 1, kForwardPass);
    tail = problem_.link_ns[chunk] + Duration(reader) + Tail(reader, n);
  } else {
    const int32_t reader = PassOf(chunk, kInputPass);
    tail = Duration(reader) + Tail(reader, n);
  }
  if (n + 1 < m_) tail = std::max(tail, Duration(pass) + Tail(pass, n + 1));
  if (!merges_) return tail;
  merger_.Clear();
  for (const int32_t each : ChunksBeside(chunk)) {
    if (each >= chunk) merger_.Add(TailsOf(each, kForwardPass, each > chunk ? n : n + 1));
    merger_.Add(TailsOf(each, kInputPass, n));
    merger_.Add(TailsOf(each, kWeightPass, n));
  }
  return std::max(tail, merger_.LongestTail());
}

}  // namespace baton
