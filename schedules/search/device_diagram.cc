// Layer by layer; see device_diagram.h.
#include "schedules/search/device_diagram.h"

#include <algorithm>
#include <utility>

namespace baton {

void DeviceDiagram::Layer::Clear() {
  states.clear();
  arrivals.clear();
  index.clear();
}

bool DeviceDiagram::Takes(const SearchProblem& problem, int device) {
  return problem.chunks_of_device[device].size() <= kMostDiagramChunks && problem.num_micro_batches < (1 << 16);
}

DeviceDiagram::DeviceDiagram(const SearchProblem& problem, const HeadsAndTails& windows, int device)
    : problem_(problem),
      windows_(windows),
      m_(problem.num_micro_batches),
      num_chunks_(static_cast<int>(problem.chunks_of_device[device].size())),
      num_chained_(2 * num_chunks_),
      limit_(problem.limit[device]),
      tail_ns_(problem.tail_ns[device]) {
  AddKinds(device);
  for (const Kind& kind : kinds_) work_ns_ += m_ * kind.duration;
}

void DeviceDiagram::AddKinds(int device) {
  const std::vector<int32_t>& chunks = problem_.chunks_of_device[device];
  const auto duration = [this](int32_t chunk, PassKind kind) { return problem_.duration[PassOf(chunk, kind)]; };
  // From the end of a pass of chunk `from` to its result at `to`, a later chunk for forwards.
  const auto lag = [&](int32_t from, int32_t to, PassKind kind) {
    Nanos time = 0;
    for (int32_t link = std::min(from, to); link < std::max(from, to); ++link) time += problem_.link_ns[link];
    for (int32_t between = std::min(from, to) + 1; between < std::max(from, to); ++between) {
      time += duration(between, kind);
    }
    return time;
  };
  for (int i = 0; i < num_chunks_; ++i) {
    const int32_t chunk = chunks[i];
    kinds_.push_back({PassOf(chunk, kForwardPass), duration(chunk, kForwardPass),
                      i == 0 ? 0 : lag(chunks[i - 1], chunk, kForwardPass), problem_.activation[chunk],
                      problem_.activation[chunk]});
  }
  for (int i = num_chunks_ - 1; i >= 0; --i) {
    const int32_t chunk = chunks[i];
    Nanos behind = 0;  // of the last chunk here: down to the model's last chunk and back
    if (i + 1 < num_chunks_) {
      behind = lag(chunks[i + 1], chunk, kInputPass);
    } else if (const int32_t last = problem_.num_chunks - 1; chunk < last) {
      behind = lag(chunk, last, kForwardPass) + duration(last, kForwardPass) + duration(last, kInputPass) +
               lag(last, chunk, kInputPass);
    }
    kinds_.push_back({PassOf(chunk, kInputPass), duration(chunk, kInputPass), behind, 0,
                      problem_.weight_activation[chunk] - problem_.activation[chunk]});
  }
  for (int i = num_chunks_ - 1; i >= 0; --i) {
    const int32_t chunk = chunks[i];
    kinds_.push_back(
        {PassOf(chunk, kWeightPass), duration(chunk, kWeightPass), 0, 0, -problem_.weight_activation[chunk]});
  }
}

Nanos DeviceDiagram::Bound(Nanos known, int64_t& steps) {
  layer_.Clear();
  layer_.states.push_back({Counts{}, INT64_MIN, 0, 0});
  const int64_t num_layers = static_cast<int64_t>(kinds_.size()) * m_;
  for (int64_t step = 0; step < num_layers && steps > 0; ++step) {
    next_.Clear();
    for (const State& state : layer_.states) Expand(state, layer_.arrivals.data() + state.first_arrival, known);
    steps -= static_cast<int64_t>(layer_.states.size() * kinds_.size());
    std::swap(layer_, next_);
    if (layer_.states.empty()) return known;
  }
  Nanos bound = known;
  for (const State& state : layer_.states) bound = std::min(bound, state.objective);
  return bound;
}

// kLongAgo: memory is missing, or all that could run have run.
Nanos DeviceDiagram::StartOf(const State& state, const Nanos* arrivals, int kind) const {
  const int n = state.counts[kind];
  if (n == m_) return kLongAgo;
  if (kind < num_chunks_ && live_ + kinds_[kind].activation > limit_) return kLongAgo;
  if (kind > 0 && state.counts[Source(kind)] == n) return kLongAgo;
  const Nanos start = std::max(state.now, windows_.Head(kinds_[kind].pass, n));
  return kind > 0 && kind < num_chained_ ? std::max(start, arrivals[offset_[kind]]) : start;
}

void DeviceDiagram::Expand(const State& state, const Nanos* arrivals, Nanos known) {
  live_ = 0;
  work_left_ns_ = work_ns_;
  int offset = 0;
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    offset_[kind] = offset;
    if (kind > 0 && kind < static_cast<size_t>(num_chained_)) offset += Waiting(state.counts, static_cast<int>(kind));
    live_ += state.counts[kind] * kinds_[kind].change;
    work_left_ns_ -= state.counts[kind] * kinds_[kind].duration;
  }
  std::array<Nanos, kMostKinds> starts;
  Nanos first_end = INT64_MAX;  // of the backward passes that could run next
  for (int kind = 0; kind < static_cast<int>(kinds_.size()); ++kind) {
    starts[kind] = StartOf(state, arrivals, kind);
    if (kind >= num_chunks_ && starts[kind] != kLongAgo) {
      first_end = std::min(first_end, starts[kind] + kinds_[kind].duration);
    }
  }
  for (int kind = 0; kind < static_cast<int>(kinds_.size()); ++kind) {
    if (starts[kind] == kLongAgo) continue;
    const bool is_first = kind >= num_chunks_ && starts[kind] + kinds_[kind].duration == first_end;
    if (starts[kind] < first_end || is_first) Run(state, arrivals, kind, starts[kind], known);
  }
}

void DeviceDiagram::Run(const State& state, const Nanos* arrivals, int kind, Nanos start, Nanos known) {
  const Kind& runs = kinds_[kind];
  const int n = state.counts[kind];
  State child = {state.counts, state.objective, start + runs.duration, 0};
  child.objective =
      std::max({child.objective, child.now + windows_.Tail(runs.pass, n), start + work_left_ns_ + tail_ns_});
  if (child.objective > known) return;
  ++child.counts[kind];
  child_arrivals_.clear();
  const auto arrive = [&](int reader, int micro_batch, Nanos time) {
    child_arrivals_.push_back(time);
    const Kind& reads = kinds_[reader];
    child.objective = std::max(child.objective, time + reads.duration + windows_.Tail(reads.pass, micro_batch));
  };
  for (int reader = 1; reader < num_chained_; ++reader) {
    int waiting = reader == kind ? 1 : 0;  // the first arrival is read by the pass itself
    for (; waiting < Waiting(state.counts, reader); ++waiting) {
      arrive(reader, state.counts[reader] + waiting, std::max(child.now, arrivals[offset_[reader] + waiting]));
    }
    if (reader == kind + 1) {
      arrive(reader, n, std::max(child.now + kinds_[reader].lag, windows_.Head(kinds_[reader].pass, n)));
    }
  }
  if (child.objective <= known) Offer(child);
}

void DeviceDiagram::Offer(const State& child) {
  const auto [entry, is_new] = next_.index.try_emplace(child.counts, static_cast<int32_t>(next_.states.size()));
  if (is_new) {
    next_.states.push_back(child);
    next_.states.back().first_arrival = next_.arrivals.size();
    next_.arrivals.insert(next_.arrivals.end(), child_arrivals_.begin(), child_arrivals_.end());
    return;
  }
  State& other = next_.states[entry->second];
  other.objective = std::min(other.objective, child.objective);
  other.now = std::min(other.now, child.now);
  for (size_t i = 0; i < child_arrivals_.size(); ++i) {
    Nanos& arrival = next_.arrivals[other.first_arrival + i];
    arrival = std::min(arrival, child_arrivals_[i]);
  }
}

}  // namespace baton
