// Construct, compare with the catalog, improve; see search.h.
#include "schedules/search/search.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status.h"
#include "schedules/catalog/catalog.h"
#include "schedules/search/improve.h"
#include "schedules/search/list_scheduler.h"
#include "schedules/search/lower_bound.h"
#include "schedules/search/squeezed_pattern.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

constexpr int64_t kMostDefaultMoves = 20000;
constexpr int64_t kDefaultPassesTimed = 20'000'000;

// The largest limit in micro-batches that ResolveLimits takes.
constexpr double kMostLimit = 1e6;

// The least time between two calls of SearchOptions::progress.
constexpr double kSecondsBetweenProgress = 0.25;

class Clock {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// The best word so far and its origin.
struct Best {
  Word word;
  Nanos objective_ns = kNever;
  std::string start;

  void Offer(const Word& other, Nanos other_ns, std::string_view name) {
    if (other_ns >= objective_ns) return;
    word = other;
    objective_ns = other_ns;
    start = std::string(name);
  }
};

// The order as a word. A whole backward becomes its two halves, which sends the gradient earlier.
Word ToWord(const ComputeOrder& order) {
  Word word;
  for (const std::vector<Action>& actions : order.devices) {
    for (const Action& action : actions) {
      switch (action.kind) {
        case ActionKind::kForward:
          word.push_back(PassOf(action.chunk, kForwardPass));
          break;
        case ActionKind::kBackward:
          word.push_back(PassOf(action.chunk, kInputPass));
          word.push_back(PassOf(action.chunk, kWeightPass));
          break;
        case ActionKind::kBackwardInput:
          word.push_back(PassOf(action.chunk, kInputPass));
          break;
        case ActionKind::kBackwardWeight:
          word.push_back(PassOf(action.chunk, kWeightPass));
          break;
        case ActionKind::kRecompute:
          break;  // searched orders have none; it is added to the result
      }
    }
  }
  return word;
}

ComputeOrder ToOrder(const SearchProblem& problem, const Word& word) {
  ComputeOrder order;
  order.num_chunks = problem.num_chunks;
  order.num_micro_batches = problem.num_micro_batches;
  order.placement = ChunkPlacement::Of(problem.device_of_chunk);
  order.devices.resize(problem.num_devices);
  std::vector<int32_t> count(problem.num_chunks * kNumPassKinds);
  constexpr ActionKind kKinds[] = {ActionKind::kForward, ActionKind::kBackwardInput, ActionKind::kBackwardWeight};
  for (int device = 0; device < problem.num_devices; ++device) {
    for (int32_t position = problem.first_pass[device]; position < problem.first_pass[device + 1]; ++position) {
      const int32_t pass = word[position];
      order.devices[device].push_back({kKinds[KindOf(pass)], ChunkOf(pass), count[pass]++});
    }
  }
  return order;
}

void TryCatalog(const PreparedSearch& prepared, Timing& timing, Best& best) {
  for (const ScheduleInfo& info : Catalog()) {
    const int chunks = prepared.request.chunks_per_device;
    if (info.has_replicas || (chunks != info.default_chunks && !info.takes_chunks)) continue;
    OrderRequest request = prepared.request;
    if (!info.takes_group) request.micro_batch_group = 0;
    const absl::StatusOr<ComputeOrder> order = MakeOrder(info.name, request);
    if (!order.ok() || order->placement != ChunkPlacement::Of(prepared.problem.device_of_chunk)) continue;
    const Word word = ToWord(*order);
    if (IsWithinLimits(prepared.problem, word)) best.Offer(word, timing.Time(word), info.name);
  }
}

// The patterns for a V in little memory.
void TryPatterns(const SearchProblem& problem, Timing& timing, Best& best) {
  if (!IsV(problem)) return;
  const std::pair<const char*, std::vector<DevicePattern>> patterns[] = {
      {"v-half, squeezed", VHalfPattern(problem.num_devices)}, {"v-min, squeezed", VMinPattern(problem.num_devices)}};
  std::vector<Word> words;
  for (const auto& [name, pattern] : patterns) {
    words.clear();
    SqueezePattern(problem, pattern, words);
    for (const Word& word : words) {
      if (IsWithinLimits(problem, word)) best.Offer(word, timing.Time(word), name);
    }
  }
}

// Moves until the budget is spent or the bound is reached. Returns the number of moves.
int64_t Improve(const SearchProblem& problem, const SearchOptions& options, Nanos lower_bound_ns, const Clock& clock,
                Best& best) {
  const bool is_timed = options.seconds > 0;
  const int64_t moves = options.moves.value_or(is_timed ? INT64_MAX : DefaultMoves(problem));
  // The clock is read about once a millisecond.
  const int64_t moves_between = 1 + 100'000 / problem.num_passes();
  Improver improver(problem, best.word, options.seed);
  double reported_at = 0;
  const auto report = [&](bool is_done) {
    reported_at = clock.Seconds();
    if (!options.progress) return;
    const double of_moves =
        static_cast<double>(improver.num_moves()) / static_cast<double>(std::max<int64_t>(1, moves));
    const double share = std::min(1.0, std::max(of_moves, is_timed ? reported_at / options.seconds : 0.0));
    options.progress({reported_at, improver.num_moves(), share, improver.best_ns(), lower_bound_ns, is_done});
  };
  while (improver.num_moves() < moves && improver.best_ns() > lower_bound_ns) {
    improver.Move();
    if (improver.num_moves() % moves_between != 0) continue;
    const double seconds = clock.Seconds();
    if (is_timed && seconds >= options.seconds) break;
    if (seconds >= reported_at + kSecondsBetweenProgress) report(/*is_done=*/false);
  }
  report(/*is_done=*/true);
  if (improver.best_ns() < best.objective_ns) {
    best.word = improver.best();
    best.objective_ns = improver.best_ns();
  }
  return improver.num_moves();
}

// The problem for the bound. A recomputation need not wait for the gradient as the backward-input does, so the bound
// must not count it as part of the backward-input.
SearchProblem WithoutRecompute(SearchProblem problem, const CostModel& costs) {
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    problem.duration[PassOf(chunk, kInputPass)] = costs.chunks[chunk].backward_input_ns;
  }
  return problem;
}

// The best word without moves.
Best Start(const PreparedSearch& prepared, Timing& timing, bool with_lists) {
  Best best;
  if (with_lists) {
    best.objective_ns = Construct(prepared.problem, best.word);
    best.start = "list scheduling";
  }
  TryPatterns(prepared.problem, timing, best);
  TryCatalog(prepared, timing, best);
  return best;
}

// The largest sum of live activations on a device, and the largest number of forwards whose backward-weight has not
// run.
struct Peak {
  int64_t live = 0;
  int32_t forwards = 0;
};

Peak PeakOf(const SearchProblem& problem, const Word& word) {
  Peak peak;
  for (int device = 0; device < problem.num_devices; ++device) {
    int64_t live = 0;
    int32_t forwards = 0;
    for (int32_t position = problem.first_pass[device]; position < problem.first_pass[device + 1]; ++position) {
      const int32_t chunk = ChunkOf(word[position]);
      const PassKind kind = KindOf(word[position]);
      const int64_t weight = problem.weight_activation[chunk];
      const int64_t change[] = {problem.activation[chunk], weight - problem.activation[chunk], -weight};
      live += change[kind];
      forwards += kind == kForwardPass ? 1 : kind == kWeightPass ? -1 : 0;
      peak.live = std::max(peak.live, live);
      peak.forwards = std::max(peak.forwards, forwards);
    }
  }
  return peak;
}

// The word of ScheduleInMemoryOf for the pattern's word `pattern`. `prepared` has any limits.
Word InMemoryOf(const Word& pattern, PreparedSearch prepared) {
  SearchProblem& problem = prepared.problem;
  const Peak peak = PeakOf(problem, pattern);
  problem.limit.assign(problem.num_devices, peak.live);
  Timing timing(problem);
  // With less memory than that of 1F1B, list scheduling finds nothing shorter than patterns.
  const int32_t forwards_of_1f1b = 2 * std::min(problem.num_devices, problem.num_micro_batches);
  Best best = Start(prepared, timing, /*with_lists=*/peak.forwards >= forwards_of_1f1b);
  best.Offer(pattern, timing.Time(pattern), "the pattern");
  return best.word;
}

bool AreAllEqual(const std::vector<Nanos>& times) {
  return std::all_of(times.begin(), times.end(), [&times](Nanos time) { return time == times.front(); });
}

// The schedules of the catalog that are made for the costs, each in its own memory.
void TryScheduledByCosts(const PreparedSearch& prepared, const CostModel& costs, const SearchOptions& options,
                         Timing& timing, Best& best) {
  const SearchProblem& problem = prepared.problem;
  if (AreAllEqual(problem.duration)) return;
  for (const ScheduleInfo& info : Catalog()) {
    if (!info.is_scheduled_by_costs || prepared.request.chunks_per_device != info.default_chunks) continue;
    OrderRequest request = prepared.request;
    request.micro_batch_group = 0;
    const absl::StatusOr<ComputeOrder> order = MakeOrder(info.name, request);
    if (!order.ok() || order->placement != ChunkPlacement::Of(problem.device_of_chunk)) continue;
    const Word pattern = ToWord(*order);
    const int64_t peak = PeakOf(problem, pattern).live;
    const bool is_searched_already =
        !prepared.limits.in_bytes &&
        std::all_of(problem.limit.begin(), problem.limit.end(), [peak](int64_t limit) { return limit == peak; });
    if (is_searched_already || !IsWithinLimits(problem, pattern)) continue;
    const absl::StatusOr<ComputeOrder> made = ScheduleInMemoryOf(*order, request, costs, options);
    if (!made.ok()) continue;
    const Word word = ToWord(*made);
    if (IsWithinLimits(problem, word)) best.Offer(word, timing.Time(word), info.name);
  }
}

}  // namespace

int64_t DefaultMoves(const SearchProblem& problem) {
  return std::min(kMostDefaultMoves, kDefaultPassesTimed / std::max(1, problem.num_passes()));
}

absl::StatusOr<SearchResult> Search(const OrderRequest& request, const CostModel& costs, const SearchOptions& options) {
  const Clock clock;
  BATON_ASSIGN_OR_RETURN(const PreparedSearch prepared, PrepareSearch(request, costs, options));
  const SearchProblem& problem = prepared.problem;
  Timing timing(problem);
  Best best = Start(prepared, timing, /*with_lists=*/true);
  TryScheduledByCosts(prepared, costs, options, timing, best);
  if (best.objective_ns == kNever) return absl::InternalError("the search found no order that can run");
  SearchResult result;
  Certificate& certificate = result.certificate;
  certificate.objective = options.objective;
  certificate.start = best.start;
  certificate.lower_bound_ns = LowerBound(WithoutRecompute(problem, costs));
  certificate.moves = Improve(problem, options, certificate.lower_bound_ns, clock, best);
  certificate.objective_ns = best.objective_ns;
  result.order = ToOrder(problem, best.word);
  return result;
}

absl::StatusOr<ComputeOrder> ScheduleInMemoryOf(const ComputeOrder& pattern, const OrderRequest& request,
                                                const CostModel& costs, const SearchOptions& options) {
  SearchOptions unlimited = options;
  unlimited.placement = Placement::kV;
  unlimited.limit.bytes.clear();
  unlimited.limit.micro_batches = {std::min(kMostLimit, static_cast<double>(request.num_micro_batches))};
  BATON_ASSIGN_OR_RETURN(const PreparedSearch prepared, PrepareSearch(request, costs, unlimited));
  const SearchProblem& problem = prepared.problem;
  const bool is_placed_so = pattern.placement == ChunkPlacement::Of(problem.device_of_chunk);
  if (!is_placed_so || AreAllEqual(problem.duration)) return pattern;
  return ToOrder(problem, InMemoryOf(ToWord(pattern), prepared));
}

}  // namespace baton
