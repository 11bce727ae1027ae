// Heads, from the first micro-batch to the last; see heads_and_tails.h.
#include <algorithm>

#include "schedules/search/heads_and_tails.h"

namespace baton {

void HeadsAndTails::FindHeads() {
  releases_.resize(problem_.num_chunks);
  for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
    releases_[chunk].next.assign(2 * ChunksBeside(chunk).size(), 0);
  }
  // A pass depends on passes of earlier micro-batches, and of its own micro-batch on those that come before it here.
  for (int n = 0; n < m_; ++n) {
    for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
      Head(PassOf(chunk, kForwardPass), n) = ForwardHead(chunk, n);
    }
    for (int32_t chunk = problem_.num_chunks - 1; chunk >= 0; --chunk) {
      const int32_t input = PassOf(chunk, kInputPass);
      const int32_t weight = PassOf(chunk, kWeightPass);
      Head(input, n) = InputHead(chunk, n);
      Head(weight, n) = Head(input, n) + Duration(input);
      if (n > 0) Head(weight, n) = std::max(Head(weight, n), Head(weight, n - 1) + Duration(weight));
    }
  }
}

Nanos HeadsAndTails::ForwardHead(int32_t chunk, int n) {
  const int32_t pass = PassOf(chunk, kForwardPass);
  Nanos head = 0;
  if (chunk > 0) {
    const int32_t source = PassOf(chunk - 1, kForwardPass);
    head = Head(source, n) + Duration(source) + problem_.link_ns[chunk - 1];
  }
  if (n == 0) return head;
  head = std::max({head, Head(pass, n - 1) + Duration(pass), MemoryHead(chunk, n)});
  if (!merges_ || ChunksBeside(chunk).size() > 1) return head;
  const Needed needed = NeededBefore(chunk, n);
  if (needed.inputs == 0) return head;
  merger_.Clear();
  merger_.Add(HeadsOf(chunk, kForwardPass, n));
  merger_.Add(HeadsOf(chunk, kInputPass, needed.inputs));
  merger_.Add(HeadsOf(chunk, kWeightPass, needed.weights));
  if (needed.more_work_ns > 0) merger_.Add({&Head(PassOf(chunk, kInputPass), 0), needed.more_work_ns, 0, 1});
  return std::max(head, merger_.EarliestEnd());
}

// The forwards up to the chunk's n-th have taken memory for n + 1 micro-batches on each chunk up to this one. Whatever
// exceeds the limit was freed before: the earliest time at which it can be.
Nanos HeadsAndTails::MemoryHead(int32_t chunk, int n) {
  const std::vector<int32_t>& chunks = ChunksBeside(chunk);
  Releases& releases = releases_[chunk];
  int64_t needed = -problem_.limit[problem_.device_of_chunk[chunk]];
  size_t num_chunks = 0;
  for (; num_chunks < chunks.size() && chunks[num_chunks] <= chunk; ++num_chunks) {
    needed += (n + 1) * problem_.activation[chunks[num_chunks]];
  }
  while (releases.released < needed) {
    Nanos earliest = INT64_MAX;
    size_t list = 0;
    for (size_t i = 0; i < 2 * num_chunks; ++i) {
      if (releases.next[i] >= n) continue;
      const int32_t pass = PassOf(chunks[i / 2], i % 2 == 0 ? kInputPass : kWeightPass);
      const Nanos time = Head(pass, releases.next[i]) + Duration(pass);
      if (time < earliest) {
        earliest = time;
        list = i;
      }
    }
    if (earliest == INT64_MAX) break;  // only if the limits are not feasible
    ++releases.next[list];
    const int32_t from = chunks[list / 2];
    releases.released +=
        list % 2 == 0 ? problem_.activation[from] - problem_.weight_activation[from] : problem_.weight_activation[from];
    releases.time = std::max(releases.time, earliest);
  }
  return releases.time;
}

Nanos HeadsAndTails::InputHead(int32_t chunk, int n) {
  const int32_t pass = PassOf(chunk, kInputPass);
  Nanos head = 0;
  if (chunk + 1 < problem_.num_chunks) {
    const int32_t source = PassOf(chunk + 1, kInputPass);
    head = Head(source, n) + Duration(source) + problem_.link_ns[chunk];
  } else {
    const int32_t source = PassOf(chunk, kForwardPass);
    head = Head(source, n) + Duration(source);
  }
  if (n > 0) head = std::max(head, Head(pass, n - 1) + Duration(pass));
  const std::vector<int32_t>& chunks = ChunksBeside(chunk);
  if (!merges_) {
    Nanos work = Head(PassOf(chunks.front(), kForwardPass), 0);
    for (const int32_t each : chunks) {
      work += (n + 1) * Duration(PassOf(each, kForwardPass));
      work += (each > chunk ? n + 1 : each == chunk ? n : 0) * Duration(PassOf(each, kInputPass));
    }
    return std::max(head, work);
  }
  merger_.Clear();
  for (const int32_t each : chunks) {
    merger_.Add(HeadsOf(each, kForwardPass, n + 1));
    if (each >= chunk) merger_.Add(HeadsOf(each, kInputPass, each > chunk ? n + 1 : n));
  }
  return std::max(head, merger_.EarliestEnd());
}

}  // namespace baton
