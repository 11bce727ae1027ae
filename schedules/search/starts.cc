// Constructs words and takes those of the catalog; see starts.h. Also ScheduleInMemoryOf of search.h, which takes the
// best start.
#include "schedules/search/starts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "schedules/catalog/catalog.h"
#include "schedules/search/list_scheduler.h"
#include "schedules/search/pull_forward.h"
#include "schedules/search/repeated_word.h"
#include "schedules/search/squeezed_pattern.h"
#include "schedules/search/word_of_order.h"

namespace baton {
namespace {

// The largest limit in micro-batches that ResolveLimits takes.
constexpr double kMostLimit = 1e6;

// See PullForward. Each is the best for some costs and memory.
constexpr double kPulledShares[] = {1, 0.5, 0};

// Moves of a repeated word: at most so many, and fewer for large problems.
constexpr int64_t kMostRepeatedMoves = 3000;
constexpr int64_t kRepeatedPassesTimed = 4'000'000;

// Periods of V-Min that are tried until one is within the limits.
constexpr int kMostPeriods = 4;

void TryCatalog(const PreparedSearch& prepared, Timing& timing, Start& best) {
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

// Whether any word made of `pattern` is within the limits.
bool TryPattern(const SearchProblem& problem, const VPattern& pattern, std::string_view name, Timing& timing,
                Start& best) {
  std::vector<Word> words;
  SqueezePattern(problem, pattern, words);
  bool fits = false;
  for (const Word& word : words) {
    if (!IsWithinLimits(problem, word)) continue;
    best.Offer(word, timing.Time(word), name);
    fits = true;
  }
  return fits;
}

// The patterns for a V in little memory.
void TryPatterns(const SearchProblem& problem, Timing& timing, Start& best) {
  if (!IsV(problem)) return;
  const int p = problem.num_devices;
  TryPattern(problem, VHalfPattern(p), "v-half, squeezed", timing, best);
  if (TryPattern(problem, VMinPattern(p), "v-min, squeezed", timing, best)) return;
  const int64_t limit = *std::min_element(problem.limit.begin(), problem.limit.end());
  const int64_t activation = *std::max_element(problem.activation.begin(), problem.activation.end());
  int32_t period = PeriodOf(p, activation > 0 ? limit / activation : 2);
  for (int tries = 0; tries < kMostPeriods; ++tries, period += 2) {
    if (TryPattern(problem, VMinPattern(p, period), "v-min, slower", timing, best)) return;
  }
}

void TryPulled(const SearchProblem& problem, const Word& word, std::string_view name, Timing& timing, Start& best) {
  for (const double share : kPulledShares) {
    const Word pulled = PullForward(problem, word, share);
    best.Offer(pulled, timing.Time(pulled), name);
  }
}

void TryLists(const SearchProblem& problem, Starts& starts) {
  // The moves drop a word that is much longer. A word can be a little shorter than the list scheduler's own time.
  const Nanos known = starts.others.objective_ns;
  const double most = 1 + 2 * (kMostBehind - 1);
  const Nanos give_up_at = known == kNever ? kNever : static_cast<Nanos>(most * static_cast<double>(known));
  starts.lists.objective_ns = Construct(problem, give_up_at, starts.lists.word);
  starts.lists.name = "list scheduling";
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

// With less memory than that of 1F1B, list scheduling finds nothing shorter than patterns.
bool IsOfLists(const SearchProblem& problem, const Peak& peak) {
  return peak.forwards >= 2 * std::min(problem.num_devices, problem.num_micro_batches);
}

// The word of ScheduleInMemoryOf for the pattern's word `pattern`. `prepared` has any limits.
Word InMemoryOf(const Word& pattern, PreparedSearch prepared) {
  SearchProblem& problem = prepared.problem;
  const Peak peak = PeakOf(problem, pattern);
  problem.limit.assign(problem.num_devices, peak.live);
  Timing timing(problem);
  Starts starts;
  starts.others.Offer(pattern, timing.Time(pattern), "the pattern");
  TryPatterns(problem, timing, starts.others);
  TryCatalog(prepared, timing, starts.others);
  if (IsOfLists(problem, peak)) TryLists(problem, starts);
  return starts.best().word;
}

bool AreAllEqual(const std::vector<Nanos>& times) {
  return std::all_of(times.begin(), times.end(), [&times](Nanos time) { return time == times.front(); });
}

// List scheduling within the memory of the fullest device of `pattern`, if that is less than the limits.
void TryListsInMemoryOf(const Word& pattern, std::string_view name, const SearchProblem& problem, Timing& timing,
                        Start& best) {
  const Peak peak = PeakOf(problem, pattern);
  SearchProblem smaller = problem;
  smaller.limit.assign(problem.num_devices, peak.live);
  if (!IsOfLists(problem, peak) || smaller.limit == problem.limit) return;
  Word word;
  if (Construct(smaller, best.objective_ns, word) == kNever || !IsWithinLimits(problem, word)) return;
  best.Offer(word, timing.Time(word), name);
}

// The schedules of the catalog that are made for the costs, each in its own memory.
void TryScheduledByCosts(const PreparedSearch& prepared, const CostModel& costs, const SearchOptions& options,
                         Timing& timing, Start& best) {
  const SearchProblem& problem = prepared.problem;
  if (AreAllEqual(problem.duration)) return;
  for (const ScheduleInfo& info : Catalog()) {
    if (!info.is_scheduled_by_costs || prepared.request.chunks_per_device != info.default_chunks) continue;
    OrderRequest request = prepared.request;
    request.micro_batch_group = 0;
    const absl::StatusOr<ComputeOrder> order = MakeOrder(info.name, request);
    if (!order.ok() || order->placement != ChunkPlacement::Of(problem.device_of_chunk)) continue;
    const Word pattern = ToWord(*order);
    if (!IsWithinLimits(problem, pattern)) continue;
    if (!prepared.limits.in_bytes) {
      // The patterns and the catalog were tried already, with no less memory.
      TryListsInMemoryOf(pattern, info.name, problem, timing, best);
      continue;
    }
    const absl::StatusOr<ComputeOrder> made = ScheduleInMemoryOf(*order, request, costs, options);
    if (!made.ok()) continue;
    const Word word = ToWord(*made);
    if (IsWithinLimits(problem, word)) best.Offer(word, timing.Time(word), info.name);
  }
}

}  // namespace

Starts FindStarts(const PreparedSearch& prepared, const CostModel& costs, const SearchOptions& options) {
  Timing timing(prepared.problem);
  Starts starts;
  TryPatterns(prepared.problem, timing, starts.others);
  TryCatalog(prepared, timing, starts.others);
  TryScheduledByCosts(prepared, costs, options, timing, starts.others);
  TryLists(prepared.problem, starts);
  return starts;
}

std::array<const Start*, 3> Starts::Ranked() const {
  std::array<const Start*, 3> ranked = {&lists, &others, &derived};
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Start* a, const Start* b) { return a->objective_ns < b->objective_ns; });
  return ranked;
}

void DeriveStarts(const SearchProblem& problem, uint64_t seed, Starts& starts) {
  Timing timing(problem);
  const int64_t moves = std::min(kMostRepeatedMoves, kRepeatedPassesTimed / std::max(1, problem.num_passes()));
  const int32_t m = problem.num_micro_batches;
  for (const Start* start : {&starts.lists, &starts.others}) {
    if (start->objective_ns == kNever) continue;
    TryPulled(problem, start->word, start->name + ", waits filled", timing, starts.derived);
    for (const int32_t middle : {m / 3, m / 2}) {
      const Word word = ImproveRepeated(problem, RepeatedWordOf(problem, start->word, middle), moves, seed);
      if (word.empty()) continue;
      const std::string name = start->name + ", repeated";
      starts.derived.Offer(word, timing.Time(word), name);
      TryPulled(problem, word, name, timing, starts.derived);
    }
  }
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
