// `baton frontier`: the bubble at each memory limit, and the limit beyond which more memory stops helping.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "base/write_file.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/catalog/catalog.h"
#include "schedules/draw/frontier_svg.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/compare_table.h"
#include "tools/baton/overall_progress.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct FrontierFlags {
  ProblemFlags problem;
  int from = 1;
  std::optional<int> to;
  std::string svg;
  std::string format = "text";
};

constexpr char kSearched[] = "zb-auto";
constexpr int kMostLimits = 256;

// More memory helps as long as it saves this fraction of the step.
constexpr double kHelps = 1e-3;

struct Run {
  CompileRequest request;
  StepReport report;
  Certificate certificate;

  double peak() const { return PeakMicroBatchesOf(report); }
};

// `limit`: in micro-batches; 0: none.
absl::StatusOr<Run> Simulated(const Problem& problem, absl::StatusOr<CompileRequest> made, double limit) {
  BATON_ASSIGN_OR_RETURN(CompileRequest request, std::move(made));
  if (limit > 0) request.search.limit.micro_batches = {limit};
  Run run;
  BATON_ASSIGN_OR_RETURN(const Program program, problem.CompileProgram(request, &run.certificate));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, request.costs));
  BATON_ASSIGN_OR_RETURN(run.report, Problem::Report(request, program, trace));
  run.request = std::move(request);
  return run;
}

bool IsSpan(const Run& run) { return run.request.search.objective == Objective::kSpan; }
Nanos TimeOf(const Run& run) { return IsSpan(run) ? LongestSpan(run.report) : run.report.step_time; }
double BubbleOf(const Run& run) { return IsSpan(run) ? run.report.span_bubble_ratio : run.report.bubble_ratio; }

// The bubble of the same work in the time of the lower bound.
double BoundBubble(const Run& run, Nanos bound) {
  if (bound <= 0) return 0;
  return std::max(0.0, 1 - (1 - BubbleOf(run)) * static_cast<double>(TimeOf(run)) / static_cast<double>(bound));
}

// One limit: the best order over all placements, and the lowest of their bounds.
struct Level {
  double limit = 0;
  Run best;
  Placement placement = Placement::kLoop;
  Nanos bound = 0;  // ns
};

// `before`: the level of the next smaller limit, or null. Its order also fits this limit, and is kept if it is faster.
absl::StatusOr<Level> SearchLevel(Problem problem, double limit, const Level* before, OverallProgress& progress) {
  absl::StatusOr<Level> level = absl::InternalError("no placement to try");
  const std::vector<Placement> placements = problem.PlacementsToTry();
  for (const Placement& placement : placements) {
    problem.set_placement(placement);
    problem.set_progress(
        progress.OfSearch(static_cast<int>(&placement - placements.data()), static_cast<int>(placements.size())));
    absl::StatusOr<Run> run = Simulated(problem, problem.RequestFor(kSearched), limit);
    if (!run.ok()) {
      if (!absl::IsInvalidArgument(run.status())) return run.status();
      if (!level.ok()) level = run.status();
      continue;
    }
    const Nanos bound =
        level.ok() ? std::min(level->bound, run->certificate.lower_bound_ns) : run->certificate.lower_bound_ns;
    if (!level.ok() || TimeOf(*run) < TimeOf(level->best)) level = Level{limit, *std::move(run), placement, bound};
    level->bound = bound;
  }
  if (level.ok() && before != nullptr && TimeOf(before->best) < TimeOf(level->best)) {
    level->best = before->best;
    level->placement = before->placement;
  }
  return level;
}

// `to`: inclusive.
absl::StatusOr<std::vector<Level>> SearchLevels(const Problem& problem, int from, int to) {
  std::vector<OverallProgress::Task> tasks;
  for (int limit = from; limit <= to; ++limit) tasks.push_back({FormatPlural(limit, "micro-batch"), 1});
  OverallProgress progress("searching", "limit", std::move(tasks), ProgressLine::OnStderr());
  std::vector<Level> levels;
  for (int limit = from; limit <= to; ++limit) {
    const Level* before = levels.empty() ? nullptr : &levels.back();
    progress.Begin(limit - from);
    BATON_ASSIGN_OR_RETURN(Level level, SearchLevel(problem, limit, before, progress));
    levels.push_back(std::move(level));
  }
  return levels;
}

// The catalog without a limit; schedules that cannot run this problem are left out.
absl::StatusOr<std::vector<Run>> RunCatalog(const Problem& problem) {
  std::vector<Run> runs;
  for (const ScheduleInfo& info : Catalog()) {
    absl::StatusOr<Run> run =
        Simulated(problem, problem.RequestFor(std::string(info.name), Unsupported::kUseScheduleDefaults), /*limit=*/0);
    if (run.ok()) {
      runs.push_back(*std::move(run));
    } else if (!absl::IsInvalidArgument(run.status())) {
      return run.status();
    }
  }
  return runs;
}

// The fastest schedule within the limit that has one replica of each chunk, as zb-auto has; null if there is none.
const Run* BestWithin(const std::vector<Run>& catalog, double limit) {
  const Run* best = nullptr;
  for (const Run& run : catalog) {
    const auto info = FindSchedule(run.request.schedule);
    if (info.ok() && (*info)->has_replicas) continue;
    if (run.peak() <= limit + 1e-6 && (best == nullptr || TimeOf(run) < TimeOf(*best))) best = &run;
  }
  return best;
}

// The smallest limit beyond which more memory saves less than kHelps.
double EnoughOf(const std::vector<Level>& levels) {
  const double least = static_cast<double>(TimeOf(levels.back().best));
  for (const Level& level : levels) {
    if (static_cast<double>(TimeOf(level.best)) <= least * (1 + kHelps)) return level.limit;
  }
  return levels.back().limit;
}

double GapOf(const Level& level) {
  if (level.bound <= 0) return 0;
  return std::max(0.0, static_cast<double>(TimeOf(level.best) - level.bound) / static_cast<double>(level.bound));
}

void PrintTable(const Problem& problem, const std::vector<Level>& levels, const std::vector<Run>& catalog) {
  const bool is_span = IsSpan(levels.front().best);
  const bool several = problem.PlacementsToTry().size() > 1;
  std::cout << problem.description() << "\n\n";
  std::vector<std::string> header = {"limit", is_span ? "span bubble" : "bubble", is_span ? "span" : "step", "gap"};
  std::vector<bool> right = {true, true, true, true};
  if (several) {
    header.push_back("placement");
    right.push_back(false);
  }
  header.insert(header.end(), {"best of the catalog", is_span ? "its span bubble" : "its bubble"});
  right.insert(right.end(), {false, true});
  TextTable table(header, right);
  for (const Level& level : levels) {
    std::vector<std::string> cells = {FormatCount(level.limit), FormatPercent(BubbleOf(level.best)),
                                      FormatDuration(TimeOf(level.best)), FormatPercent(GapOf(level))};
    if (several) cells.push_back(level.placement == Placement::kV ? "v" : "loop");
    const Run* published = BestWithin(catalog, level.limit);
    cells.push_back(published == nullptr ? "-" : published->request.schedule);
    cells.push_back(published == nullptr ? "-" : FormatPercent(BubbleOf(*published)));
    table.AddRow(cells);
  }
  std::cout << table.ToString() << "\nfrom " << FormatCount(EnoughOf(levels))
            << (EnoughOf(levels) == 1 ? " micro-batch" : " micro-batches")
            << " on, more memory saves less than a thousandth"
            << R"(

limit  most micro-batches through all its layers whose activations may be live on a device
gap    zb-auto is at most this far above the shortest order within the limit
best of the catalog: the fastest published schedule within the limit that has one replica of each chunk
)";
}

std::string JsonOf(const std::vector<Level>& levels, const std::vector<Run>& catalog) {
  proto::FrontierReport report;
  report.set_objective(IsSpan(levels.front().best) ? "span" : "makespan");
  report.set_enough_micro_batches(EnoughOf(levels));
  for (const Level& level : levels) {
    proto::FrontierReport::Row& row = *report.add_rows();
    row.set_limit_micro_batches(level.limit);
    row.set_bubble_ratio(BubbleOf(level.best));
    row.set_time_us(Micros(TimeOf(level.best)));
    row.set_gap(GapOf(level));
    row.set_placement(level.placement == Placement::kV ? "v" : "loop");
    const Run* published = BestWithin(catalog, level.limit);
    if (published == nullptr) continue;
    row.set_catalog_schedule(published->request.schedule);
    row.set_catalog_bubble_ratio(BubbleOf(*published));
  }
  return ToJson(report);
}

Frontier PictureOf(const Problem& problem, const std::vector<Level>& levels, const std::vector<Run>& catalog) {
  Frontier frontier;
  const std::string description = problem.description();
  frontier.title = description.substr(0, description.find('\n'));
  frontier.bubble_name = IsSpan(levels.front().best) ? "span bubble" : "bubble";
  frontier.curve_name = "zb-auto, searched for each limit";
  frontier.enough = EnoughOf(levels);
  for (const Level& level : levels) {
    frontier.points.push_back({level.limit, BubbleOf(level.best), BoundBubble(level.best, level.bound)});
  }
  for (const Run& run : catalog) frontier.schedules.push_back({run.request.schedule, run.peak(), BubbleOf(run)});
  return frontier;
}

absl::Status RunFrontier(const FrontierFlags& flags) {
  if (!flags.problem.search.limit_micro_batches.empty() || !flags.problem.search.limit_bytes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        flags.problem.search.limit_bytes.empty() ? "--activation-limit-micro-batches" : "--activation-limit-bytes",
        ": baton frontier sets the limits itself; use --from and --to"));
  }
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(const CompileRequest first, problem.RequestFor(kSearched));
  if (first.search.limit.is_given()) {
    return absl::InvalidArgumentError(
        "pipeline.search: baton frontier sets the limits itself; remove the job's, as by "
        "--set 'pipeline.search.activation_limit_micro_batches=[]'");
  }
  const int to = flags.to.value_or(std::max(flags.from, std::min(2 * first.num_stages, first.num_micro_batches)));
  if (to < flags.from || to - flags.from >= kMostLimits) {
    return absl::InvalidArgumentError(
        absl::StrCat("--to: ", to, "; must be from --from, ", flags.from, ", to ", flags.from + kMostLimits - 1));
  }
  if (!flags.svg.empty()) {
    // Checked before time is spent.
    if (const absl::Status writable = WriteFile(flags.svg, ""); !writable.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--svg: ", writable.message()));
    }
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<Run> catalog, RunCatalog(problem));
  BATON_ASSIGN_OR_RETURN(const std::vector<Level> levels, SearchLevels(problem, flags.from, to));
  if (flags.format == "json") {
    std::cout << JsonOf(levels, catalog);
  } else {
    PrintTable(problem, levels, catalog);
  }
  if (flags.svg.empty()) return absl::OkStatus();
  return WriteFile(flags.svg, DrawFrontier(PictureOf(problem, levels, catalog)));
}

}  // namespace

void AddFrontierCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("frontier", "Show the bubble at each memory limit, and where more memory stops helping");
  auto flags = std::make_shared<FrontierFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/false);
  command->add_option("--from", flags->from, "Smallest limit, in micro-batches (1)")->check(Between(1, 1000000));
  command->add_option("--to", flags->to, "Largest limit, in micro-batches (twice the stages, at most --micro-batches)")
      ->check(Between(1, 1000000));
  AddFormatFlag(*command, flags->format);
  command->add_option("--svg", flags->svg, "Write the curve as a figure, with each schedule of the catalog as a point")
      ->type_name("FILE");
  command->footer(
      R"(zb-auto is searched for at every limit, in both placements unless one is given; --moves and --search apply
to each limit.

Examples:
  baton frontier --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms
  baton frontier --costs=costs.csv --micro-batches=32 --objective=span --moves=100000 --svg=frontier.svg)");
  command->callback([flags, &action] { action = [flags] { return RunFrontier(*flags); }; });
}

}  // namespace baton
