// `baton compare`: schedules side by side, the one with the shortest step first.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/commands.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct CompareFlags {
  ProblemFlags problem;
  std::vector<std::string> schedules;
  PictureFlags pictures;
  std::string format = "text";
};

// One schedule's row: its report, or why it cannot run this.
struct Row {
  std::string schedule;
  absl::Status status;
  StepReport report;
  std::optional<Certificate> certificate;  // of a searched schedule
  std::optional<Placement> placement;      // that was chosen among several
  // Kept only for --html.
  Program program;
  Trace trace;
};

// `keep`: with program and trace.
absl::StatusOr<Row> SimulateSchedule(const Problem& problem, const std::string& schedule, bool keep) {
  BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(schedule, /*bend=*/true));
  Certificate certificate;
  absl::StatusOr<Program> compiled = Compile(request, &certificate);
  if (!compiled.ok()) return problem.InUsersWords(compiled.status());
  Program program = *std::move(compiled);
  BATON_RETURN_IF_ERROR(problem.CheckMemory(request, program, /*brief=*/true));
  BATON_ASSIGN_OR_RETURN(Trace trace, Simulate(program, request.costs));
  Row row;
  row.schedule = schedule;
  row.report = Analyze(program, trace);
  if (certificate.lower_bound_ns > 0) row.certificate = certificate;
  if (keep) {
    row.program = std::move(program);
    row.trace = std::move(trace);
  }
  return row;
}

// A searched schedule in whichever placement is the better one, where the user leaves that open.
absl::StatusOr<Row> SimulateSearched(Problem problem, const std::string& schedule, bool keep) {
  absl::StatusOr<Row> best = absl::InternalError("no placement to try");
  const std::vector<Placement> placements = problem.PlacementsToTry();
  for (const Placement placement : placements) {
    problem.set_placement(placement);
    absl::StatusOr<Row> row = SimulateSchedule(problem, schedule, keep);
    if (!row.ok()) {
      // What one placement cannot do is no matter if the other can.
      if (!absl::IsInvalidArgument(row.status())) return row;
      if (placement == placements.front()) best = row.status();
      continue;
    }
    const auto found = [](const Row& of) { return of.certificate ? of.certificate->objective_ns : 0; };
    if (best.ok() && found(*best) <= found(*row)) continue;
    if (placements.size() > 1) row->placement = placement;
    best = std::move(row);
  }
  return best;
}

// A bar as long as the ratio is of 16 columns, in eighths of one.
std::string BarOf(double ratio) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = std::clamp(static_cast<int>(std::lround(ratio * 128)), 0, 128);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[eighths % 8];
}

void PrintTable(const Problem& problem, const std::vector<Row>& rows) {
  std::cout << problem.description() << "\n\n";
  const bool has_gap =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.certificate.has_value(); });
  std::vector<std::string> header = {"", "schedule", "bubble", "", "span bubble", "step", "held", "memory"};
  std::vector<bool> right = {false, false, true, false, true, true, true, true};
  if (has_gap) {
    header.push_back("gap");
    right.push_back(true);
  }
  TextTable table(header, right);
  // Reasons in the order in which they come up, with the schedules that each holds for.
  std::vector<std::pair<std::string, std::string>> refused;
  bool memory_given = false;
  for (const Row& row : rows) {
    if (!row.status.ok()) {
      const std::string reason(row.status.message());
      const auto same = std::find_if(refused.begin(), refused.end(), [&](const auto& r) { return r.first == reason; });
      if (same == refused.end()) {
        refused.emplace_back(reason, row.schedule);
      } else {
        absl::StrAppend(&same->second, ", ", row.schedule);
      }
      continue;
    }
    double held = 0;
    Bytes memory = 0;
    for (const DeviceReport& device : row.report.devices) {
      held = std::max(held, device.peak_micro_batches);
      memory = std::max(memory, device.peak_bytes);
    }
    memory_given = memory_given || memory > 0;
    std::vector<std::string> cells = {&row == &rows.front() ? "*" : "",
                                      row.schedule,
                                      FormatPercent(row.report.bubble_ratio),
                                      BarOf(row.report.bubble_ratio),
                                      FormatPercent(row.report.span_bubble_ratio),
                                      FormatDuration(row.report.step_time),
                                      FormatCount(held),
                                      memory > 0 ? FormatBytes(memory) : "-"};
    if (has_gap) {
      cells.push_back(row.certificate ? FormatPercent(std::max(0.0, GapOf(*row.certificate, row.report))) : "");
    }
    table.AddRow(cells);
  }
  std::cout << table.ToString() << (refused.empty() ? "" : "\n");
  for (const Row& row : rows) {
    if (row.placement == Placement::kV) std::cout << "   " << row.schedule << " is best with --placement=v here\n";
  }
  for (const auto& [reason, schedules] : refused) {
    std::cout << "not possible here: " << schedules << "\n  " << reason << "\n";
  }
  std::cout << R"(
* shortest step; of equals, the one that holds least
bubble       idle time / (devices × step)
span bubble  idle share of the longest span from a device's first work to its last
held         micro-batches whose activations the worst device keeps at its worst moment
memory       the whole arena of the worst device)"
            << (memory_given ? "\n" : " (- where no sizes are given)\n")
            << (has_gap ? "gap          how far it is at most above the shortest order in the memory that it may hold\n"
                        : "");
}

double MostHeld(const Row& row) {
  double held = 0;
  for (const DeviceReport& device : row.report.devices) held = std::max(held, device.peak_micro_batches);
  return held;
}

// The faster first; of equals, the one that holds less. Those that cannot run this come last.
bool ComesFirst(const Row& a, const Row& b) {
  if (a.status.ok() != b.status.ok()) return a.status.ok();
  if (a.report.step_time != b.report.step_time) return a.report.step_time < b.report.step_time;
  return MostHeld(a) < MostHeld(b);
}

absl::Status WritePage(const Problem& problem, const PictureFlags& flags, const std::vector<Row>& rows) {
  std::vector<HtmlSchedule> schedules;
  for (const Row& row : rows) {
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

absl::Status RunCompare(const CompareFlags& flags) {
  for (const std::string& schedule : flags.schedules) BATON_RETURN_IF_ERROR(CheckSchedule("--schedules", schedule));
  BATON_RETURN_IF_ERROR(CheckWritable(flags.pictures));
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  std::vector<std::string> schedules;
  for (const std::string& schedule : flags.schedules) {
    if (std::find(schedules.begin(), schedules.end(), schedule) == schedules.end()) schedules.push_back(schedule);
  }
  if (schedules.empty()) {
    for (const ScheduleInfo* schedule : AllSchedules()) schedules.emplace_back(schedule->name);
  }
  std::vector<Row> rows;
  for (const std::string& schedule : schedules) {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
    const bool keep = !flags.pictures.html.empty();
    absl::StatusOr<Row> row =
        IsSearched(*info) ? SimulateSearched(problem, schedule, keep) : SimulateSchedule(problem, schedule, keep);
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
  if (!rows.empty() && !rows.front().status.ok()) return rows.front().status;
  BATON_RETURN_IF_ERROR(WritePage(problem, flags.pictures, rows));
  if (flags.format == "text") {
    PrintTable(problem, rows);
    return absl::OkStatus();
  }
  proto::CompareReport message;
  for (const Row& row : rows) {
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
  CLI::App* command = app.add_subcommand("compare", "All schedules, or those named, in one table; the fastest first");
  auto flags = std::make_shared<CompareFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/false);
  command->add_option("--schedules", flags->schedules, "Schedules to compare, as gpipe,1f1b (all)")
      ->type_name("A,B")
      ->delimiter(',');
  AddPictureFlags(*command, flags->pictures, /*with_svg=*/false);
  command->add_option("--format", flags->format, "text or json (text)")->check(CLI::IsMember({"text", "json"}));
  command->footer(R"(Examples:
  baton compare examples/gpt_host.textproto --html=schedules.html
  baton compare --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms \
      --transfer=0.6ms --schedules=gpipe,1f1b --format=json)");
  command->callback([flags, &action] { action = [flags] { return RunCompare(*flags); }; });
}

}  // namespace baton
