// `baton compare`: schedules side by side, the one with the shortest step first.
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/order/catalog.h"
#include "schedules/report/analysis.h"
#include "schedules/report/report_proto.h"
#include "schedules/report/text_table.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct CompareFlags {
  ProblemFlags problem;
  std::vector<std::string> schedules;
  std::string format = "text";
};

// One schedule's row: its report, or why it cannot run this.
struct Row {
  std::string schedule;
  absl::Status status;
  StepReport report;
};

absl::StatusOr<StepReport> SimulateSchedule(const Problem& problem, const std::string& schedule) {
  BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(schedule));
  BATON_ASSIGN_OR_RETURN(const Program program, Compile(request));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, request.costs));
  return Analyze(program, trace);
}

void PrintTable(const Problem& problem, const std::vector<Row>& rows) {
  std::cout << problem.description() << "\n\n";
  TextTable table({"", "schedule", "bubble", "span bubble", "step", "held", "memory"},
                  {false, false, true, true, true, true, true});
  std::string refused;
  for (const Row& row : rows) {
    if (!row.status.ok()) {
      absl::StrAppend(&refused, "not possible here: ", row.schedule, ": ", row.status.message(), "\n");
      continue;
    }
    double held = 0;
    Bytes memory = 0;
    for (const DeviceReport& device : row.report.devices) {
      held = std::max(held, device.peak_micro_batches);
      memory = std::max(memory, device.peak_bytes);
    }
    table.AddRow({&row == &rows.front() ? "*" : "", row.schedule, FormatPercent(row.report.bubble_ratio),
                  FormatPercent(row.report.span_bubble_ratio), FormatDuration(row.report.step_time), FormatCount(held),
                  memory > 0 ? FormatBytes(memory) : "-"});
  }
  std::cout
      << table.ToString() << refused
      << "\n* shortest step. bubble: idle time / (devices × step); span bubble: of the longest span from a device's "
         "first to its last\nwork, the share without work; held: micro-batches kept at the worst moment, memory: of "
         "the worst device.\n";
}

absl::Status RunCompare(const CompareFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  std::vector<std::string> schedules = flags.schedules;
  if (schedules.empty()) {
    for (const ScheduleInfo& schedule : Catalog()) schedules.emplace_back(schedule.name);
  }
  std::vector<Row> rows;
  for (const std::string& schedule : schedules) {
    BATON_RETURN_IF_ERROR(FindSchedule(schedule).status());
    Row row = {schedule, absl::OkStatus(), {}};
    if (auto report = SimulateSchedule(problem, schedule); report.ok()) {
      row.report = *std::move(report);
    } else if (absl::IsInvalidArgument(report.status())) {
      row.status = report.status();
    } else {
      return report.status();
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.status.ok() != b.status.ok()) return a.status.ok();
    return a.report.step_time < b.report.step_time;
  });
  if (!rows.empty() && !rows.front().status.ok()) return rows.front().status;
  if (flags.format == "text") {
    PrintTable(problem, rows);
    return absl::OkStatus();
  }
  proto::CompareReport message;
  for (const Row& row : rows) {
    if (row.status.ok()) {
      *message.add_rows() = ToCompareRow(row.schedule, row.report);
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
  command->add_option("--schedules", flags->schedules, "Schedules to compare, as gpipe,1f1b (all)")->delimiter(',');
  command->add_option("--format", flags->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->footer(R"(Examples:
  baton compare examples/gpt_host.textproto
  baton compare --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms \
      --transfer=0.6ms --schedules=gpipe,1f1b --format=json)");
  command->callback([flags, &action] { action = [flags] { return RunCompare(*flags); }; });
}

}  // namespace baton
