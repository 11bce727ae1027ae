// `baton simulate`: one schedule's timeline, and where each device's time goes.
#include "schedules/simulate/simulate.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/status.h"
#include "schedules/report/analysis.h"
#include "schedules/report/report_proto.h"
#include "schedules/report/text_table.h"
#include "schedules/report/timeline.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct SimulateFlags {
  ProblemFlags problem;
  std::string format = "text";
  int columns = 120;
};

void PrintReport(const Problem& problem, const Program& program, const Trace& trace, const StepReport& report,
                 int columns) {
  std::cout << problem.schedule() << ": " << problem.description() << "\n\n"
            << DrawTimeline(program, trace, {columns, isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr})
            << "\n";
  TextTable table({"device", "busy", "bubble", "fill", "drain", "neighbour", "transfer", "held", "memory"},
                  {true, true, true, true, true, true, true, true, true});
  IdleCauses total;
  for (size_t i = 0; i < report.devices.size(); ++i) {
    const DeviceReport& device = report.devices[i];
    table.AddRow({std::to_string(i), FormatDuration(device.busy), FormatPercent(device.BubbleRatio()),
                  FormatDuration(device.idle.fill), FormatDuration(device.idle.drain),
                  FormatDuration(device.idle.neighbour), FormatDuration(device.idle.transfer),
                  FormatCount(device.peak_micro_batches),
                  device.peak_bytes > 0 ? FormatBytes(device.peak_bytes) : "-"});
    total.fill += device.idle.fill;
    total.drain += device.idle.drain;
    total.neighbour += device.idle.neighbour;
    total.transfer += device.idle.transfer;
  }
  std::cout << table.ToString() << "\n"
            << "step " << FormatDuration(report.step_time) << ", bubble " << FormatPercent(report.bubble_ratio)
            << ", span bubble " << FormatPercent(report.span_bubble_ratio) << "\n";
  if (total.Total() > 0) {
    auto share = [&](Nanos part) {
      return FormatPercent(static_cast<double>(part) / static_cast<double>(total.Total()));
    };
    std::cout << "idle time: fill " << share(total.fill) << ", drain " << share(total.drain)
              << ", waiting for a neighbour's compute " << share(total.neighbour) << ", waiting for a transfer "
              << share(total.transfer) << "\n";
  }
}

absl::Status RunSimulate(const SimulateFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(problem.schedule()));
  BATON_ASSIGN_OR_RETURN(const Program program, Compile(request));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, request.costs));
  const StepReport report = Analyze(program, trace);
  if (flags.format == "json") {
    std::cout << ToJson(ToSimulateReport(problem.schedule(), report));
  } else {
    PrintReport(problem, program, trace, report, flags.columns);
  }
  return absl::OkStatus();
}

}  // namespace

void AddSimulateCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("simulate", "One schedule: a timeline, the bubble of each device and its causes, peak memory");
  auto flags = std::make_shared<SimulateFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  command->add_option("--format", flags->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("--columns", flags->columns, "Cells of the timeline at most (120)")
      ->check(CLI::Range(10, 100000));
  command->footer(
      R"(Columns: busy: forward, backward and the optimizer. bubble: the idle share of the step. Idle time by cause: fill,
before the first forward; drain, after the last backward; neighbour, until another device had computed what was
needed; transfer, while it was on its way. held: micro-batches whose activations are kept at the worst moment.

Examples:
  baton simulate examples/gpt_host.textproto
  baton simulate --stages=4 --micro-batches=8 --forward=1ms --backward-input=1ms --backward-weight=1ms --schedule=gpipe)");
  command->callback([flags, &action] { action = [flags] { return RunSimulate(*flags); }; });
}

}  // namespace baton
