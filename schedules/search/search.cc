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
#include "schedules/search/timing.h"

namespace baton {
namespace {

constexpr int64_t kMostDefaultMoves = 20000;
constexpr int64_t kDefaultPassesTimed = 20'000'000;

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

}  // namespace

int64_t DefaultMoves(const SearchProblem& problem) {
  return std::min(kMostDefaultMoves, kDefaultPassesTimed / std::max(1, problem.num_passes()));
}

absl::StatusOr<SearchResult> Search(const OrderRequest& request, const CostModel& costs, const SearchOptions& options) {
  const Clock clock;
  BATON_ASSIGN_OR_RETURN(const PreparedSearch prepared, PrepareSearch(request, costs, options));
  const SearchProblem& problem = prepared.problem;
  Timing timing(problem);
  Best best;
  best.objective_ns = Construct(problem, best.word);
  best.start = "list scheduling";
  TryCatalog(prepared, timing, best);
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

}  // namespace baton
