// Starts, moves, branch and bound; see search.h.
#include "schedules/search/search.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/search/exact.h"
#include "schedules/search/improve.h"
#include "schedules/search/links_bound.h"
#include "schedules/search/lower_bound.h"
#include "schedules/search/starts.h"
#include "schedules/search/word_of_order.h"

namespace baton {
namespace {

constexpr int64_t kMostDefaultMoves = 20000;
constexpr int64_t kDefaultPassesTimed = 20'000'000;

// The least time between two calls of SearchOptions::progress.
constexpr double kSecondsBetweenProgress = 0.25;
// The clock is read once in so many nodes of branch and bound, which take some 10 µs each.
constexpr int64_t kNodesBetween = 64;
// The bisection of the lower bound ends at this part of the objective; each step has this share of the budget.
constexpr Nanos kFinestBound = 2000;
constexpr double kShareOfBisection = 1.0 / 16;

class Clock {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One search under way: moves, then nodes, within the budget of the options. The certificate always describes the best
// word.
class Attempt {
 public:
  // The references must outlive it. `clock` began with the search.
  Attempt(const SearchProblem& problem, const SearchOptions& options, const Clock& clock, Certificate& certificate,
          Word& best)
      : problem_(problem), options_(options), clock_(clock), certificate_(certificate), best_(best) {}

  // Moves from the two shortest starts in turn, or from the shortest alone if there is no other or it is too long.
  void Improve(const Starts& starts) {
    std::vector<const Start*> from;
    std::vector<std::unique_ptr<Improver>> improvers;
    const std::array<const Start*, 3> ranked = starts.Ranked();
    for (const Start* start : {ranked[0], ranked[1]}) {
      const bool is_near =
          static_cast<double>(start->objective_ns) <= kMostBehind * static_cast<double>(starts.best().objective_ns);
      if (start->objective_ns == kNever || !is_near) continue;
      from.push_back(start);
      improvers.push_back(std::make_unique<Improver>(problem_, start->word, options_.seed));
    }
    const int64_t default_moves = static_cast<int64_t>(from.size()) * DefaultMoves(problem_);
    const int64_t moves = options_.moves.value_or(HasTime() && !options_.exact ? INT64_MAX : default_moves);
    // The clock is read about once a millisecond.
    const int64_t moves_between = 1 + 100'000 / problem_.num_passes();
    int64_t& done = certificate_.moves;
    while (done < moves && !IsProven() && !IsTimeUp()) {
      const int64_t until = std::min(moves, done + moves_between);
      for (; done < until && !IsProven(); ++done) {
        const size_t turn = done % improvers.size();
        improvers[turn]->Move();
        if (improvers[turn]->best_ns() >= certificate_.objective_ns) continue;
        Adopt(improvers[turn]->best(), improvers[turn]->best_ns());
        certificate_.start = from[turn]->name;
      }
      Report(static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, moves)), /*is_done=*/false);
    }
  }

  // Branch and bound: half of the budget looks for a word that is shorter than the best one and for the proof that
  // there is none, the rest raises the bound by bisection.
  void Prove() {
    if (IsProven()) return;
    proof_began_at_ = clock_.Seconds();
    Exact exact(problem_);
    if (Branch(exact, certificate_.objective_ns - 1, 0.5)) {
      certificate_.lower_bound_ns = certificate_.objective_ns;
      return;
    }
    Nanos least_open = certificate_.objective_ns;
    const auto step = [&] { return (least_open - certificate_.lower_bound_ns) / 2; };
    while (!IsSpent(1) && step() > certificate_.objective_ns / kFinestBound) {
      const Nanos target = certificate_.lower_bound_ns + step();
      const double share = std::min(1.0, SpentShare() + kShareOfBisection);
      if (Branch(exact, target, share)) {
        certificate_.lower_bound_ns = std::min(target + 1, certificate_.objective_ns);
      } else {
        least_open = target;
      }
    }
  }

  void ReportEnd() { Report(1, /*is_done=*/true); }

 private:
  bool HasTime() const { return options_.seconds > 0; }
  bool IsTimeUp() const { return HasTime() && clock_.Seconds() >= options_.seconds; }
  bool IsProven() const { return certificate_.objective_ns <= certificate_.lower_bound_ns; }
  void Adopt(const Word& word, Nanos objective_ns) {
    best_ = word;
    certificate_.objective_ns = objective_ns;
  }

  // Excludes or finds words of at most `target`, until `share` of the budget is spent. Whether it was done before.
  bool Branch(Exact& exact, Nanos target, double share) {
    const auto may_go_on = [&] {
      const bool reads_clock = certificate_.nodes % kNodesBetween == 0;
      if (reads_clock) Report(SpentShare(), /*is_done=*/false);
      if (HasNodes() || reads_clock) {
        if (IsSpent(share)) return false;
      }
      ++certificate_.nodes;
      return true;
    };
    const bool is_done = exact.Run(target, may_go_on) == Exact::Outcome::kProven;
    if (exact.best_ns() < certificate_.objective_ns) Adopt(exact.best(), exact.best_ns());
    return is_done;
  }

  // The nodes or seconds of branch and bound that are gone, of all that it has; the larger share if both are limited.
  bool HasNodes() const { return options_.exact_nodes || !HasTime(); }
  double SpentShare() const {
    double share = 0;
    if (HasNodes()) {
      share =
          static_cast<double>(certificate_.nodes) / static_cast<double>(options_.exact_nodes.value_or(kDefaultNodes));
    }
    if (!HasTime()) return share;
    const double seconds = options_.seconds - proof_began_at_;
    return seconds <= 0 ? 1 : std::max(share, (clock_.Seconds() - proof_began_at_) / seconds);
  }
  bool IsSpent(double share) const { return SpentShare() >= share; }

  // `share` of the moves or nodes that are being tried.
  void Report(double share, bool is_done) {
    const double seconds = clock_.Seconds();
    if (!options_.progress || (!is_done && seconds < reported_at_ + kSecondsBetweenProgress)) return;
    reported_at_ = seconds;
    if (HasTime() && !options_.exact) share = std::max(share, seconds / options_.seconds);
    if (options_.exact && certificate_.nodes == 0) share = 0;  // the moves are a small part
    share_ = std::max(share_, std::min(1.0, share));
    options_.progress({seconds, certificate_.moves, certificate_.nodes, share_, certificate_.objective_ns,
                       certificate_.lower_bound_ns, is_done});
  }

  const SearchProblem& problem_;
  const SearchOptions& options_;
  const Clock& clock_;
  Certificate& certificate_;
  Word& best_;
  double proof_began_at_ = 0;  // seconds
  double reported_at_ = 0;
  double share_ = 0;  // the last one reported
};

absl::Status CheckExact(const SearchProblem& problem) {
  constexpr absl::string_view kField = "pipeline.search.exact: ";
  if (problem.num_passes() > kMostExactPasses) {
    return absl::InvalidArgumentError(absl::StrCat(
        kField, problem.num_passes(), " passes (chunks × micro-batches × 3) must be at most ", kMostExactPasses));
  }
  if (problem.cores.AreShared(problem.num_devices)) {
    return absl::InvalidArgumentError(
        absl::StrCat(kField, "the devices share cores; it goes with a core for each thread alone"));
  }
  for (size_t chunk = 0; chunk < problem.recompute_ns.size(); ++chunk) {
    if (problem.recompute_ns[chunk] == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(kField, "chunk ", chunk, " recomputes activations; it goes without recomputation alone"));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t DefaultMoves(const SearchProblem& problem) {
  return std::min(kMostDefaultMoves, kDefaultPassesTimed / std::max(1, problem.num_passes()));
}

absl::StatusOr<SearchResult> Search(const OrderRequest& request, const CostModel& costs, const SearchOptions& options) {
  const Clock clock;
  BATON_ASSIGN_OR_RETURN(const PreparedSearch prepared, PrepareSearch(request, costs, options));
  const SearchProblem& problem = prepared.problem;
  if (options.exact) BATON_RETURN_IF_ERROR(CheckExact(problem));
  Starts starts = FindStarts(prepared, costs, options);
  if (starts.best().objective_ns == kNever) return absl::InternalError("the search found no order that can run");
  SearchResult result;
  Certificate& certificate = result.certificate;
  certificate.objective = options.objective;
  certificate.lower_bound_ns = LowerBound(problem, starts.best().objective_ns);
  if (starts.best().objective_ns > certificate.lower_bound_ns) DeriveStarts(problem, options.seed, starts);
  certificate.objective_ns = starts.best().objective_ns;
  certificate.start = starts.best().name;
  Word best = starts.best().word;
  Attempt attempt(problem, options, clock, certificate, best);
  attempt.Improve(starts);
  if (options.exact) attempt.Prove();
  attempt.ReportEnd();
  certificate.lower_bound_ns = std::max(certificate.lower_bound_ns, LinksBound(problem, costs));
  result.order = ToOrder(problem, best);
  return result;
}

}  // namespace baton
