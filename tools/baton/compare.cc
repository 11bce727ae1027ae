// `baton compare`: schedules side by side, the one with the shortest step first.
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/compare_table.h"
#include "tools/baton/kernel_report.h"
#include "tools/baton/overall_progress.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

// A search takes about as long as compiling and simulating so many schedules.
constexpr double kWeightOfSearch = 50;

struct CompareFlags {
  ProblemFlags problem;
  std::vector<std::string> schedules;
  PictureFlags pictures;
  std::string format = "text";
};

// The most groups that are tried.
constexpr int kMostGroups = 8;
// A gain that is worth a line.
constexpr double kLeastGain = 0.002;

// For a schedule with groups of micro-batches, of which `request` names none and `report` has the default: the fastest
// of some multiples of the number of stages, if it is faster. Larger groups give transfers more time, for more memory.
absl::StatusOr<std::string> BetterGroup(const Problem& problem, CompileRequest request, const StepReport& report) {
  const int p = request.num_stages, groups = request.num_micro_batches / request.replicas / p;
  StepReport best = report;
  int best_group = 0;
  for (int n = 2; n <= std::min(groups, kMostGroups + 1); ++n) {
    // The largest one is that of all micro-batches.
    request.micro_batch_group = p * (n > kMostGroups ? groups : n);
    const absl::StatusOr<Program> program = problem.CompileProgram(request);
    // Larger groups may exceed a limit.
    if (!program.ok() || !problem.CheckMemory(request, *program, /*brief=*/true).ok()) break;
    BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(*program, request.costs));
    BATON_ASSIGN_OR_RETURN(StepReport other, Problem::Report(request, *program, trace));
    if (other.step_time >= best.step_time) continue;
    best = std::move(other);
    best_group = request.micro_batch_group;
  }
  if (best_group == 0 ||
      static_cast<double>(report.step_time - best.step_time) < kLeastGain * static_cast<double>(report.step_time)) {
    return std::string();
  }
  return absl::StrCat("--group=", best_group, " here: ", FormatDuration(best.step_time), ", ",
                      FormatCount(PeakMicroBatchesOf(best)), " held");
}

// `keep`: with its program and trace.
absl::StatusOr<CompareRow> SimulateSchedule(const Problem& problem, const std::string& schedule, bool keep) {
  BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(schedule, Unsupported::kUseScheduleDefaults));
  Certificate certificate;
  BATON_ASSIGN_OR_RETURN(Program program, problem.CompileProgram(request, &certificate));
  BATON_RETURN_IF_ERROR(problem.CheckMemory(request, program, /*brief=*/true));
  BATON_ASSIGN_OR_RETURN(Trace trace, Simulate(program, request.costs));
  CompareRow row;
  row.schedule = schedule;
  BATON_ASSIGN_OR_RETURN(row.report, Problem::Report(request, program, trace));
  row.throughput = problem.DescribeThroughput(row.report.step_time);
  if (certificate.lower_bound_ns > 0) row.certificate = certificate;
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
  if (info->takes_group && request.micro_batch_group == 0) {
    BATON_ASSIGN_OR_RETURN(row.better_with, BetterGroup(problem, request, row.report));
  }
  if (keep) {
    row.program = std::move(program);
    row.trace = std::move(trace);
  }
  return row;
}

// A searched schedule in the better of its placements, if the user requested none.
absl::StatusOr<CompareRow> SimulateSearched(Problem problem, const std::string& schedule, bool keep,
                                            OverallProgress& progress) {
  absl::StatusOr<CompareRow> best = absl::InternalError("no placement to try");
  const std::vector<Placement> placements = problem.PlacementsToTry();
  for (const Placement& placement : placements) {
    problem.set_placement(placement);
    problem.set_progress(
        progress.OfSearch(static_cast<int>(&placement - placements.data()), static_cast<int>(placements.size())));
    absl::StatusOr<CompareRow> row = SimulateSchedule(problem, schedule, keep);
    if (!row.ok()) {
      // One placement that can run is enough.
      if (!absl::IsInvalidArgument(row.status())) return row;
      if (placement == placements.front()) best = row.status();
      continue;
    }
    const auto found = [](const CompareRow& of) { return of.certificate ? of.certificate->objective_ns : 0; };
    if (best.ok() && found(*best) <= found(*row)) continue;
    if (placements.size() > 1) row->placement = placement;
    best = std::move(row);
  }
  return best;
}

// The faster first; of equals, the one with the lower peak. Schedules that cannot run come last.
bool ComesFirst(const CompareRow& a, const CompareRow& b) {
  if (a.status.ok() != b.status.ok()) return a.status.ok();
  if (a.report.step_time != b.report.step_time) return a.report.step_time < b.report.step_time;
  return PeakMicroBatchesOf(a.report) < PeakMicroBatchesOf(b.report);
}

absl::Status WritePage(const Problem& problem, const PictureFlags& flags, const std::vector<CompareRow>& rows) {
  std::vector<HtmlSchedule> schedules;
  for (const CompareRow& row : rows) {
    if (!row.status.ok()) continue;
    HtmlSchedule schedule;
    schedule.name = row.schedule;
    schedule.subtitle = FirstLine(problem.description());
    schedule.program = &row.program;
    schedule.timelines = {{"", &row.trace}};
    schedules.push_back(std::move(schedule));
  }
  return WritePictures(flags, FirstLine(problem.description()), schedules);
}

// The schedules to compare, each once: those named, or all.
std::vector<std::string> SchedulesOf(const CompareFlags& flags) {
  std::vector<std::string> schedules;
  for (const std::string& schedule : flags.schedules) {
    if (std::find(schedules.begin(), schedules.end(), schedule) == schedules.end()) schedules.push_back(schedule);
  }
  if (schedules.empty()) {
    for (const ScheduleInfo* schedule : AllSchedules()) schedules.emplace_back(schedule->name);
  }
  return schedules;
}

absl::StatusOr<std::vector<CompareRow>> SimulateAll(const Problem& problem, const CompareFlags& flags) {
  const std::vector<std::string> schedules = SchedulesOf(flags);
  std::vector<OverallProgress::Task> tasks;
  for (const std::string& schedule : schedules) {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
    tasks.push_back({schedule, IsSearched(*info) ? kWeightOfSearch : 1});
  }
  OverallProgress progress("comparing", "schedule", std::move(tasks), ProgressLine::OnStderr());
  std::vector<CompareRow> rows;
  for (const std::string& schedule : schedules) {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
    const bool keep = !flags.pictures.html.empty();
    progress.Begin(static_cast<int>(rows.size()));
    absl::StatusOr<CompareRow> row = IsSearched(*info) ? SimulateSearched(problem, schedule, keep, progress)
                                                       : SimulateSchedule(problem, schedule, keep);
    if (row.ok()) {
      rows.push_back(*std::move(row));
    } else if (absl::IsInvalidArgument(row.status())) {
      rows.emplace_back();
      rows.back().schedule = schedule;
      rows.back().status = row.status();
    } else {
      return row.status();
    }
  }
  std::stable_sort(rows.begin(), rows.end(), ComesFirst);
  return rows;
}

absl::Status RunCompare(const CompareFlags& flags) {
  for (const std::string& schedule : flags.schedules) BATON_RETURN_IF_ERROR(CheckSchedule("--schedules", schedule));
  BATON_RETURN_IF_ERROR(CheckWritable(flags.pictures));
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(const std::vector<CompareRow> rows, SimulateAll(problem, flags));
  if (!rows.empty() && !rows.front().status.ok()) return rows.front().status;
  BATON_RETURN_IF_ERROR(WritePage(problem, flags.pictures, rows));
  if (flags.format == "text") {
    PrintCompareTable(problem.description(), rows, std::cout);
    return absl::OkStatus();
  }
  proto::CompareReport message;
  BATON_ASSIGN_OR_RETURN(const std::vector<KernelRow> kernels, problem.Kernels());
  AddKernels(kernels, *message.mutable_kernels());
  for (const CompareRow& row : rows) {
    if (row.status.ok()) {
      *message.add_rows() = ToCompareRow(row.schedule, row.report);
      if (row.certificate) FillCertificate(*row.certificate, row.report, *message.mutable_rows()->rbegin());
    } else {
      message.add_rows()->set_schedule(row.schedule);
      message.mutable_rows()->rbegin()->set_status(std::string(row.status.message()));
    }
  }
  std::cout << ToJson(message);
  return absl::OkStatus();
}

}  // namespace

void AddCompareCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("compare", "Compare all schedules, or those named, in one table; the fastest first");
  auto flags = std::make_shared<CompareFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/false);
  command->add_option("--schedules", flags->schedules, "Schedules to compare, as gpipe,1f1b (all)")
      ->type_name("A,B")
      ->delimiter(',');
  AddPictureFlags(*command, flags->pictures, /*with_svg=*/false);
  AddFormatFlag(*command, flags->format);
  command->footer(R"(Examples:
  baton compare examples/gpt_host.textproto --html=schedules.html
  baton compare --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms \
      --transfer=0.6ms --schedules=gpipe,1f1b --format=json)");
  command->callback([flags, &action] { action = [flags] { return RunCompare(*flags); }; });
}

}  // namespace baton
