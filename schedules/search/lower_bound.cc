// Heads, tails and one machine at a time; see lower_bound.h.
#include "schedules/search/lower_bound.h"

#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

namespace baton {
namespace {

// Beyond that many steps, heads and tails count the work of a device only in sum.
constexpr double kMostMergeSteps = 4e7;

// Tails may be negative.
constexpr Nanos kLongAgo = INT64_MIN / 4;

// Passes [begin, end) of one kind, in ascending micro-batches, or in descending ones for tails.
struct Run {
  const Nanos* times;  // heads or tails, by micro-batch
  Nanos duration;
  int begin;
  int end;
};

// When one machine is done with all passes of some runs, none of which it may begin before its head: it takes them in
// ascending order of heads. `step` is 1 for heads, which ascend in micro-batches, and -1 for tails, which descend.
class Machine {
 public:
  void Clear() { runs_.clear(); }
  void Add(const Run& run) {
    if (run.begin < run.end) runs_.push_back(run);
  }
  Nanos Finish(int step) {
    Nanos time = kLongAgo;
    for (;;) {
      Run* first = nullptr;
      for (Run& run : runs_) {
        if (run.begin == run.end) continue;
        if (first == nullptr || Front(run, step) < Front(*first, step)) first = &run;
      }
      if (first == nullptr) return time;
      time = std::max(time, Front(*first, step)) + first->duration;
      if (step > 0) {
        ++first->begin;
      } else {
        --first->end;
      }
    }
  }

 private:
  static Nanos Front(const Run& run, int step) { return run.times[step > 0 ? run.begin : run.end - 1]; }

  std::vector<Run> runs_;
};

class Bound {
 public:
  explicit Bound(const SearchProblem& problem)
      : problem_(problem),
        m_(problem.num_micro_batches),
        heads_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * m_),
        tails_(heads_.size(), kLongAgo) {
    double steps = 0;
    for (const auto& chunks : problem.chunks_of_device) {
      const double passes = static_cast<double>(chunks.size()) * m_;
      steps += 4 * passes * passes * static_cast<double>(chunks.size());
    }
    merges_ = steps <= kMostMergeSteps;
  }

  Nanos Compute() {
    FindHeads();
    FindTails();
    Nanos bound = 0;
    for (int device = 0; device < problem_.num_devices; ++device) {
      const Nanos of_device = OneMachine(device);
      bound = device == 0 ? of_device : std::max(bound, of_device);
    }
    return bound;
  }

 private:
  // Releases of memory on a device by the chunks up to one of them, in the order of the time at which each can be.
  struct Releases {
    std::vector<int> next;  // by list: the next micro-batch; lists are input and weight passes of each chunk
    int64_t released = 0;
    Nanos time = 0;
  };

  Nanos& Head(int32_t pass, int n) { return heads_[static_cast<size_t>(pass) * m_ + n]; }
  Nanos& Tail(int32_t pass, int n) { return tails_[static_cast<size_t>(pass) * m_ + n]; }
  Nanos Duration(int32_t pass) const { return problem_.duration[pass]; }
  const std::vector<int32_t>& ChunksBeside(int32_t chunk) const {
    return problem_.chunks_of_device[problem_.device_of_chunk[chunk]];
  }
  Run HeadsOf(int32_t chunk, PassKind kind, int end) {
    const int32_t pass = PassOf(chunk, kind);
    return {&Head(pass, 0), Duration(pass), 0, end};
  }
  Run TailsOf(int32_t chunk, PassKind kind, int begin) {
    const int32_t pass = PassOf(chunk, kind);
    return {&Tail(pass, 0), Duration(pass), begin, m_};
  }

  void FindHeads();
  Nanos ForwardHead(int32_t chunk, int n);
  Nanos MemoryHead(int32_t chunk, int n);
  Nanos InputHead(int32_t chunk, int n);
  void FindTails();
  Nanos ForwardTail(int32_t chunk, int n);
  Nanos InputTail(int32_t chunk, int n);
  Nanos OneMachine(int device);

  // Of a device with one chunk: the least numbers of input and weight passes that must have ended before forward `n`.
  struct Needed {
    int inputs = 0;
    int weights = 0;
    Nanos more_work = 0;  // beyond these, in any case
  };
  Needed NeededBefore(int32_t chunk, int n) const;

  const SearchProblem& problem_;
  const int m_;
  bool merges_ = true;
  std::vector<Nanos> heads_;  // [pass × micro-batches + n]
  std::vector<Nanos> tails_;
  std::vector<Releases> releases_;  // [chunk]
  Machine machine_;
};

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

Bound::Needed Bound::NeededBefore(int32_t chunk, int n) const {
  Needed needed;
  const int64_t held = problem_.held[chunk];
  const int64_t held_weight = problem_.held_weight[chunk];
  const int64_t need = held * (n + 1) - problem_.limit[problem_.device_of_chunk[chunk]];
  if (need <= 0) return needed;
  // With n input passes, which is all there can be, so many weight passes; and the other way round.
  const int64_t rest = need - n * (held - held_weight);
  if (rest > 0) needed.weights = static_cast<int>(CeilDivide(rest, held_weight));
  needed.inputs = static_cast<int>(CeilDivide(need, held));
  const Nanos input_ns = Duration(PassOf(chunk, kInputPass));
  const Nanos weight_ns = Duration(PassOf(chunk, kWeightPass));
  Nanos least = INT64_MAX;
  for (int inputs = needed.inputs; inputs <= n; ++inputs) {
    const int64_t missing = std::max<int64_t>(0, need - inputs * (held - held_weight));
    const int64_t weights = missing == 0 ? 0 : CeilDivide(missing, held_weight);
    if (weights <= inputs) least = std::min(least, inputs * input_ns + weights * weight_ns);
    if (weights == 0) break;
  }
  if (least != INT64_MAX) needed.more_work = least - needed.inputs * input_ns - needed.weights * weight_ns;
  return needed;
}

void Bound::FindHeads() {
  releases_.resize(problem_.num_chunks);
  for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
    releases_[chunk].next.assign(2 * ChunksBeside(chunk).size(), 0);
  }
  // What the n-th pass of a kind depends on is of micro-batches before n, or of n and done already.
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

Nanos Bound::ForwardHead(int32_t chunk, int n) {
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
  machine_.Clear();
  machine_.Add(HeadsOf(chunk, kForwardPass, n));
  machine_.Add(HeadsOf(chunk, kInputPass, needed.inputs));
  machine_.Add(HeadsOf(chunk, kWeightPass, needed.weights));
  if (needed.more_work > 0) machine_.Add({&Head(PassOf(chunk, kInputPass), 0), needed.more_work, 0, 1});
  return std::max(head, machine_.Finish(1));
}

// The passes that run before the chunk's n-th forward have taken memory for n + 1 micro-batches on each chunk up to
// this one; what goes beyond the limit was given back before.
Nanos Bound::MemoryHead(int32_t chunk, int n) {
  const std::vector<int32_t>& chunks = ChunksBeside(chunk);
  Releases& releases = releases_[chunk];
  int64_t needed = -problem_.limit[problem_.device_of_chunk[chunk]];
  size_t num_chunks = 0;
  for (; num_chunks < chunks.size() && chunks[num_chunks] <= chunk; ++num_chunks) {
    needed += (n + 1) * problem_.held[chunks[num_chunks]];
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
    if (earliest == INT64_MAX) break;  // not for limits that are feasible
    ++releases.next[list];
    const int32_t from = chunks[list / 2];
    releases.released += list % 2 == 0 ? problem_.held[from] - problem_.held_weight[from] : problem_.held_weight[from];
    releases.time = std::max(releases.time, earliest);
  }
  return releases.time;
}

Nanos Bound::InputHead(int32_t chunk, int n) {
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
  machine_.Clear();
  for (const int32_t each : chunks) {
    machine_.Add(HeadsOf(each, kForwardPass, n + 1));
    if (each >= chunk) machine_.Add(HeadsOf(each, kInputPass, each > chunk ? n + 1 : n));
  }
  return std::max(head, machine_.Finish(1));
}

void Bound::FindTails() {
  for (int n = m_ - 1; n >= 0; --n) {
    for (int32_t chunk = 0; chunk < problem_.num_chunks; ++chunk) {
      const int32_t weight = PassOf(chunk, kWeightPass);
      // Has a value already where a forward waits for it.
      const Nanos after =
          n + 1 < m_ ? Tail(weight, n + 1) + Duration(weight) : problem_.tail_ns[problem_.device_of_chunk[chunk]];
      Tail(weight, n) = std::max(Tail(weight, n), after);
      Tail(PassOf(chunk, kInputPass), n) = InputTail(chunk, n);
    }
    for (int32_t chunk = problem_.num_chunks - 1; chunk >= 0; --chunk) {
      const int32_t forward = PassOf(chunk, kForwardPass);
      Tail(forward, n) = ForwardTail(chunk, n);
      if (ChunksBeside(chunk).size() > 1 || n == 0) continue;
      // What must have ended before this forward begins.
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

Nanos Bound::InputTail(int32_t chunk, int n) {
  const int32_t pass = PassOf(chunk, kInputPass);
  const int32_t weight = PassOf(chunk, kWeightPass);
  // Has a value already where a forward waits for it.
  Nanos tail = std::max(Tail(pass, n), Duration(weight) + Tail(weight, n));
  if (n + 1 < m_) tail = std::max(tail, Duration(pass) + Tail(pass, n + 1));
  if (chunk > 0) {
    const int32_t reader = PassOf(chunk - 1, kInputPass);
    tail = std::max(tail, problem_.link_ns[chunk - 1] + Duration(reader) + Tail(reader, n));
  }
  if (!merges_) return tail;
  machine_.Clear();
  for (const int32_t each : ChunksBeside(chunk)) {
    if (each > chunk) break;
    machine_.Add(TailsOf(each, kInputPass, each < chunk ? n : n + 1));
    machine_.Add(TailsOf(each, kWeightPass, n));
  }
  return std::max(tail, machine_.Finish(-1));
}

Nanos Bound::ForwardTail(int32_t chunk, int n) {
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
  machine_.Clear();
  for (const int32_t each : ChunksBeside(chunk)) {
    if (each >= chunk) machine_.Add(TailsOf(each, kForwardPass, each > chunk ? n : n + 1));
    machine_.Add(TailsOf(each, kInputPass, n));
    machine_.Add(TailsOf(each, kWeightPass, n));
  }
  return std::max(tail, machine_.Finish(-1));
}

// Jackson's preemptive schedule: of what may run, always that with the longest tail.
Nanos Bound::OneMachine(int device) {
  struct Pass {
    Nanos head;
    Nanos tail;
    Nanos left;
    bool operator<(const Pass& other) const { return tail < other.tail; }
  };
  std::vector<Pass> passes;
  for (const int32_t chunk : problem_.chunks_of_device[device]) {
    for (int kind = 0; kind < kNumPassKinds; ++kind) {
      const int32_t pass = PassOf(chunk, static_cast<PassKind>(kind));
      for (int n = 0; n < m_; ++n) passes.push_back({Head(pass, n), Tail(pass, n), Duration(pass)});
    }
  }
  std::sort(passes.begin(), passes.end(), [](const Pass& a, const Pass& b) { return a.head < b.head; });
  std::priority_queue<Pass> ready;
  Nanos now = 0;
  Nanos bound = INT64_MIN;
  for (size_t next = 0; next < passes.size() || !ready.empty();) {
    if (ready.empty()) now = std::max(now, passes[next].head);
    while (next < passes.size() && passes[next].head <= now) ready.push(passes[next++]);
    Pass pass = ready.top();
    ready.pop();
    const Nanos until = next < passes.size() ? std::min(passes[next].head, now + pass.left) : now + pass.left;
    pass.left -= until - now;
    now = until;
    if (pass.left > 0) {
      ready.push(pass);
    } else {
      bound = std::max(bound, now + pass.tail);
    }
  }
  return bound;
}

}  // namespace

Nanos LowerBound(const SearchProblem& problem) { return Bound(problem).Compute(); }

}  // namespace baton
