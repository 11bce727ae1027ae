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
  for (int kind = 0; kind < static_cast<int>(kinds_.size()); ++kind) work_ns_ += MostOf(kind) * kinds_[kind].duration;
  deferrable_ns_ = DeferrableTime();
  last_tail_ns_ = windows_.Tail(kinds_[num_chained_ - 1].pass, m_ - 1);
}

Nanos DeviceDiagram::DeferrableTime() const {
  // Those with the most time for their memory first.
  std::vector<Kind> weights(kinds_.begin() + num_chained_, kinds_.end());
  const auto needs_less = [](const Kind& a, const Kind& b) {
    return static_cast<double>(a.change) * static_cast<double>(b.duration) >
           static_cast<double>(b.change) * static_cast<double>(a.duration);  // changes are not positive
  };
  std::sort(weights.begin(), weights.end(), needs_less);
  int64_t room = limit_;
  Nanos time = 0;
  for (const Kind& weight : weights) {
    const int64_t all = m_ * static_cast<int64_t>(weight.inputs.size());
    const int64_t most = weight.change == 0 ? all : std::min(all, room / -weight.change);
    time += most * weight.duration;
    room += most * weight.change;
    // A part of one more may be better than whole ones of another chunk.
    if (most < all) return weights.size() == 1 ? time : time + weight.duration;
  }
  return time;
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
    kinds_.push_back({PassOf(chunk, kForwardPass),
                      duration(chunk, kForwardPass),
                      i == 0 ? 0 : lag(chunks[i - 1], chunk, kForwardPass),
                      problem_.activation[chunk],
                      problem_.activation[chunk],
                      {}});
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
    kinds_.push_back({PassOf(chunk, kInputPass),
                      duration(chunk, kInputPass),
                      behind,
                      0,
                      problem_.weight_activation[chunk] - problem_.activation[chunk],
                      {}});
  }
  for (int i = num_chunks_ - 1; i >= 0; --i) {
    const int32_t pass = PassOf(chunks[i], kWeightPass);
    const int64_t change = -problem_.weight_activation[chunks[i]];
    const auto is_same = [&](const Kind& kind) {
      return kind.duration == problem_.duration[pass] && kind.change == change;
    };
    auto kind = std::find_if(kinds_.begin() + num_chained_, kinds_.end(), is_same);
    if (kind == kinds_.end()) {
      kind = kinds_.insert(kinds_.end(), {pass, problem_.duration[pass], 0, 0, change, {}});
    }
    kind->inputs.push_back(num_chained_ - 1 - i);
  }
}

Nanos DeviceDiagram::Bound(Nanos known, int64_t& steps) {
  layer_.Clear();
  layer_.states.push_back({Counts{}, INT64_MIN, 0, 0});
  const int64_t num_layers = static_cast<int64_t>(kNumPassKinds * num_chunks_) * m_;
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

// Whether a result is there, or on its way, that the kind's next pass needs.
bool DeviceDiagram::IsReady(const Counts& counts, int kind) const {
  if (kind == 0) return true;
  if (kind < num_chained_) return counts[kind - 1] > counts[kind];
  int ended = 0;
  for (const int input : kinds_[kind].inputs) ended += counts[input];
  return ended > counts[kind];
}

// kLongAgo: memory is missing, or all that could run have run.
Nanos DeviceDiagram::StartOf(const State& state, const Nanos* arrivals, int kind) const {
  const int n = state.counts[kind];
  if (n == MostOf(kind) || !IsReady(state.counts, kind)) return kLongAgo;
  if (kind < num_chunks_ && live_ + kinds_[kind].activation > limit_) return kLongAgo;
  if (kind >= num_chained_) return state.now;
  const Nanos start = std::max(state.now, windows_.Head(kinds_[kind].pass, n));
  return kind > 0 ? std::max(start, arrivals[offset_[kind]]) : start;
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
  Nanos weights_left_ns = 0;
  for (size_t kind = num_chained_; kind < kinds_.size(); ++kind) {
    weights_left_ns += (MostOf(static_cast<int>(kind)) - state.counts[kind]) * kinds_[kind].duration;
  }
  const bool has_inputs = state.counts[num_chained_ - 1] < m_;
  const Nanos deferred_ns = std::min(deferrable_ns_, weights_left_ns);
  least_tail_ns_ = has_inputs ? std::max(tail_ns_, last_tail_ns_ - deferred_ns) : tail_ns_;
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
  child.objective = std::max(child.objective, start + work_left_ns_ + least_tail_ns_);
  if (kind < num_chained_) child.objective = std::max(child.objective, child.now + windows_.Tail(runs.pass, n));
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
