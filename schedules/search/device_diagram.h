// One device by itself: the least objective of its passes if no other device ever makes a pass wait. Used by the lower
// bound.
//
//   this device    F0 F1 ──┐     ... I1 I0 ──┐    each arrow takes the passes and links between, never more
//   all others             └─▶ F0'           └─▶ I0'
#ifndef BATON_SCHEDULES_SEARCH_DEVICE_DIAGRAM_H_
#define BATON_SCHEDULES_SEARCH_DEVICE_DIAGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "schedules/search/heads_and_tails.h"
#include "schedules/search/search_problem.h"

namespace baton {

// The chunks of a device that a diagram takes.
inline constexpr int kMostDiagramChunks = 4;

// A relaxed decision diagram. Layer s has the states that s passes of the device can lead to. A state says how many
// passes of each kind have run, when the device is free, when results that have not been read arrive, and how large the
// objective is at least. Two states with the same numbers of passes become one with the earlier of both in each of its
// times: it can do whatever either of them can, no later. So no layer has more states than there are numbers of passes
// within the device's memory, and the least objective of a layer is a bound on every order.
//
// A state is dropped if its objective is above the one that is known. A pass is not tried where a backward pass fits
// before it, because the order that runs that one first is no worse: it frees memory and takes none.
//
// Source: Cire and van Hoeve 2013, Multivalued Decision Diagrams for Sequencing Problems.
//
// Thread contract: one thread. `problem` and `windows` must outlive it.
class DeviceDiagram {
 public:
  // Whether the device has at most kMostDiagramChunks chunks, and the problem fewer than 2^16 micro-batches.
  static bool Takes(const SearchProblem& problem, int device);
  // Expects Takes.
  DeviceDiagram(const SearchProblem& problem, const HeadsAndTails& windows, int device);

  // No order within the limits has an objective below the result, which is at most `known`: the objective of an order,
  // or INT64_MAX. Tries at most about `steps` passes and takes their number from it; what comes in later layers then
  // counts by its work and its tails alone.
  Nanos Bound(Nanos known, int64_t& steps);

 private:
  // F of the device's chunks in model order, then I in the opposite order: each but the first reads the result of the
  // one before. Then W: those that take the same time and free the same memory are one kind, whatever their chunk.
  static constexpr int kMostKinds = kMostDiagramChunks * kNumPassKinds;
  using Counts = std::array<uint16_t, kMostKinds>;
  struct Kind {
    int32_t pass;  // of a W: that of one of its chunks
    Nanos duration;
    Nanos lag;                // from the end of the pass before to the arrival of its result here
    int64_t activation;       // what a forward needs
    int64_t change;           // of live memory by the pass
    std::vector<int> inputs;  // of a W: the kinds of I that it follows
  };
  struct State {
    Counts counts;
    Nanos objective;  // at least
    Nanos now;
    size_t first_arrival;  // in the layer's arrivals: of each kind that reads a result of another pass
  };
  struct Layer {
    std::vector<State> states;
    std::vector<Nanos> arrivals;
    absl::flat_hash_map<Counts, int32_t> index;
    void Clear();
  };

  void AddKinds(int device);
  // The most time that backward-weights may take behind the last backward-input. All of them have their memory then.
  Nanos DeferrableTime() const;
  int MostOf(int kind) const { return kind < num_chained_ ? m_ : m_ * static_cast<int>(kinds_[kind].inputs.size()); }
  bool IsReady(const Counts& counts, int kind) const;
  int Waiting(const Counts& counts, int kind) const { return counts[kind - 1] - counts[kind]; }
  void Expand(const State& state, const Nanos* arrivals, Nanos known);
  Nanos StartOf(const State& state, const Nanos* arrivals, int kind) const;
  void Run(const State& state, const Nanos* arrivals, int kind, Nanos start, Nanos known);
  void Offer(const State& child);

  const SearchProblem& problem_;
  const HeadsAndTails& windows_;
  const int m_;
  const int num_chunks_;
  const int num_chained_;  // kinds of F and I
  const int64_t limit_;
  const Nanos tail_ns_;
  std::vector<Kind> kinds_;
  Nanos work_ns_ = 0;
  Nanos deferrable_ns_ = 0;
  Nanos last_tail_ns_ = 0;  // of the last backward-input
  Layer layer_, next_;
  std::vector<Nanos> child_arrivals_;
  // They belong to the state that is expanded.
  std::array<int, kMostKinds> offset_ = {};  // [kind] of its arrivals
  int64_t live_ = 0;
  Nanos work_left_ns_ = 0;
  Nanos least_tail_ns_ = 0;  // of all work that is left: from its end, if no time were lost, to the objective
};

}  // namespace baton

#endif  // BATON_SCHEDULES_SEARCH_DEVICE_DIAGRAM_H_
