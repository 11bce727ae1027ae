// `baton whatif`: simulates the step with changed costs or settings, and derives it by each cost.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/status.h"
#include "base/text_table.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/cost_change.h"
#include "schedules/analyze/cost_derivatives.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"
#include "tools/baton/whatif_settings.h"

namespace baton {
namespace {

struct WhatIfFlags {
  ProblemFlags problem;
  std::vector<std::string> changes;
  bool gradient = false;
  std::string format = "text";
};

// A simulated step.
struct Outcome {
  std::string change;  // as typed; empty for the pipeline as it is
  CompileRequest request;
  Program program;
  Trace trace;
  StepReport report;
  int parts = 1;        // see Problem::parts
  absl::Status memory;  // whether it fits into devices.memory_gib

  double PartTime() const { return static_cast<double>(report.step_time) / parts; }
  Bytes Memory() const {
    Bytes bytes = 0;
    for (const DeviceReport& device : report.devices) bytes = std::max(bytes, device.peak_bytes);
    return bytes;
  }
};

absl::StatusOr<Outcome> Predict(const Problem& problem, CompileRequest request) {
  Outcome outcome;
  BATON_ASSIGN_OR_RETURN(outcome.program, problem.CompileProgram(request));
  BATON_ASSIGN_OR_RETURN(outcome.trace, Simulate(outcome.program, request.costs));
  outcome.report = Analyze(outcome.program, outcome.trace);
  outcome.memory = problem.CheckMemory(request, outcome.program, /*brief=*/true);
  outcome.parts = problem.parts();
  outcome.request = std::move(request);
  return outcome;
}

// `text`: settings, or changes of costs.
absl::StatusOr<Outcome> PredictChange(const std::string& text, const ProblemFlags& flags, const Problem& problem,
                                      const Outcome& base) {
  if (!LooksLikeCostChange(text) && absl::StrContains(text, "=")) {
    ProblemFlags changed = flags;
    BATON_RETURN_IF_ERROR(ApplySettings(text, changed));
    const auto predict = [&]() -> absl::StatusOr<Outcome> {
      BATON_ASSIGN_OR_RETURN(const Problem other, problem.Changed(changed));
      BATON_ASSIGN_OR_RETURN(CompileRequest request, other.RequestFor(other.schedule()));
      return Predict(other, std::move(request));
    };
    absl::StatusOr<Outcome> outcome = predict();
    if (outcome.ok()) return outcome;
    return absl::Status(outcome.status().code(),
                        absl::StrCat("\"", text, "\": ", std::string(outcome.status().message())));
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<CostChange> changes, ParseCostChanges(text));
  CompileRequest request = base.request;
  for (const CostChange& change : changes) {
    BATON_RETURN_IF_ERROR(ApplyCostChange(change, base.program, text, request.costs));
  }
  return Predict(problem, std::move(request));
}

// The time of a part, relative to that of the first outcome, minus 1.
double ChangeOf(const Outcome& outcome, const Outcome& base) {
  return outcome.PartTime() / std::max(1.0, base.PartTime()) - 1;
}

void PrintOutcomes(const std::vector<Outcome>& outcomes, const std::string& part) {
  TextTable table(
      {"what if", "step", absl::StrCat(part == "example" ? "an " : "a ", part), "change", "bubble", "change", "memory"},
      {false, true, true, true, true, true, true});
  const Outcome& base = outcomes.front();
  for (const Outcome& outcome : outcomes) {
    const bool is_base = &outcome == &base;
    table.AddRow({is_base ? "(as it is)" : outcome.change, FormatDuration(outcome.report.step_time),
                  FormatDuration(std::llround(outcome.PartTime())),
                  is_base ? "" : FormatSignedPercent(ChangeOf(outcome, base)),
                  FormatPercent(outcome.report.bubble_ratio),
                  is_base ? "" : FormatSignedPoints(outcome.report.bubble_ratio - base.report.bubble_ratio),
                  outcome.Memory() > 0 ? FormatBytes(outcome.Memory()) : "-"});
  }
  std::cout << table.ToString();
  for (const Outcome& outcome : outcomes) {
    if (outcome.memory.ok()) continue;
    std::cout << (outcome.change.empty() ? "(as it is)" : Printable(outcome.change))
              << " does not fit: " << outcome.memory.message() << "\n";
  }
}

absl::StatusOr<std::vector<CostDerivative>> GradientOf(const Outcome& base) {
  if (base.request.costs.cores.AreShared(base.program.num_devices())) {
    return SimulatedDerivatives(base.program, base.request.costs);
  }
  const auto path = CriticalPath(base.program, Dependencies(base.program), base.trace, &base.request.costs);
  const Blame blame = BlameOf(base.program, path, base.trace);
  return CostDerivatives(base.request.costs, blame);
}

void PrintGradient(const Outcome& base, const std::vector<CostDerivative>& gradient) {
  TextTable table({"cost", "now", "ns per ns", "10 % off saves at most"}, {false, true, true, true});
  for (const CostDerivative& of : gradient) {
    const double part = 0.1 * static_cast<double>(of.cost) * of.step_per_cost;
    table.AddRow({of.name, FormatDuration(of.cost), absl::StrCat(std::round(100 * of.step_per_cost) / 100),
                  FormatPercent(part / static_cast<double>(std::max<Nanos>(1, base.report.step_time)))});
  }
  std::cout
      << (base.request.costs.cores.AreShared(base.program.num_devices())
              ? "\nThe derivative of the step by each cost: how many ns the step gains per ns of the cost, found by\n"
                "simulating it again with the cost 1 % higher, since the devices share cores. Costs that are not\n"
                "listed have no effect.\n\n"
              : "\nThe derivative of the step by each cost: how often the cost is on the critical path, which is "
                "how many ns\nthe step gains or loses per ns of it. Costs that are not listed are not on the "
                "path.\n\n")
      << table.ToString();
}

std::string JsonOf(const std::vector<Outcome>& outcomes, const std::string& part,
                   const std::optional<std::vector<CostDerivative>>& gradient) {
  proto::WhatIfReport report;
  report.set_part(part);
  const Outcome& base = outcomes.front();
  for (const Outcome& outcome : outcomes) {
    proto::WhatIfReport::Row& row = *report.add_rows();
    row.set_change(Printable(outcome.change));
    row.set_step_time_us(Micros(outcome.report.step_time));
    row.set_part_time_us(outcome.PartTime() / 1000);
    if (&outcome != &base) row.set_part_time_change(ChangeOf(outcome, base));
    row.set_bubble_ratio(outcome.report.bubble_ratio);
    if (outcome.Memory() > 0) row.set_peak_bytes(static_cast<double>(outcome.Memory()));
    row.set_memory_status(outcome.memory.ok() ? "ok" : std::string(outcome.memory.message()));
  }
  if (gradient) {
    for (const CostDerivative& of : *gradient) {
      proto::WhatIfReport::Cost& cost = *report.add_gradient();
      cost.set_cost(of.name);
      cost.set_time_us(Micros(of.cost));
      cost.set_step_per_cost(of.step_per_cost);
    }
  }
  return ToJson(report);
}

// CLI11 takes the first change for JOB if flags describe the pipeline.
void TakeChangeFromJob(WhatIfFlags& flags) {
  const std::string& job = flags.problem.job;
  const bool is_path = absl::EndsWith(job, ".textproto") || absl::StrContains(job, "/");
  if (job.empty() || is_path || !(absl::StrContains(job, " ") || absl::StrContains(job, "="))) return;
  flags.changes.insert(flags.changes.begin(), job);
  flags.problem.job.clear();
}

absl::Status RunWhatIf(WhatIfFlags flags) {
  TakeChangeFromJob(flags);
  if (flags.changes.empty() && !flags.gradient) {
    return absl::InvalidArgumentError("give a change, like \"link 2x faster\" or micro_batches=64, or --gradient");
  }
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(CompileRequest request, problem.RequestFor(problem.schedule()));
  std::vector<Outcome> outcomes;
  BATON_ASSIGN_OR_RETURN(outcomes.emplace_back(), Predict(problem, std::move(request)));
  for (const std::string& change : flags.changes) {
    BATON_ASSIGN_OR_RETURN(Outcome outcome, PredictChange(change, flags.problem, problem, outcomes.front()));
    outcome.change = change;
    outcomes.push_back(std::move(outcome));
  }
  std::optional<std::vector<CostDerivative>> gradient;
  if (flags.gradient) {
    BATON_ASSIGN_OR_RETURN(gradient, GradientOf(outcomes.front()));
  }
  if (flags.format == "json") {
    std::cout << JsonOf(outcomes, problem.part_name(), gradient);
    return absl::OkStatus();
  }
  std::cout << problem.schedule() << ": " << problem.description() << "\n\n";
  PrintOutcomes(outcomes, problem.part_name());
  if (gradient) PrintGradient(outcomes.front(), *gradient);
  return absl::OkStatus();
}

}  // namespace

void AddWhatIfCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("whatif", "Predict the step and its bubble under other costs or settings");
  auto flags = std::make_shared<WhatIfFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  command
      ->add_option("CHANGES", flags->changes,
                   "Changes, each simulated alone: \"chunk 3 20% faster\", \"link 2x faster\", micro_batches=64;\n"
                   "join several by commas to simulate them together")
      ->type_name("");
  command->add_flag("--gradient", flags->gradient, "Print the derivative of the step's time by each cost");
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(Changes of costs: WHAT AMOUNT faster or slower. WHAT is chunk N, device N, link (all), link N-M (between
chunks N and M), load or reduce; after chunk, device or alone: forward, backward, backward-input, backward-weight,
optimizer. AMOUNT: 2x (half or twice the time) or 20% (of the time). Settings: stages, micro_batches, chunks, group,
cores, schedule; without a job also the costs, as transfer=1ms; with a job any of its fields, as batch.sequences=32.

The first "change" is that of the time of one sequence or example with a job, and of one micro-batch without: the
step's time divided by their number. "memory" is the arena of the fullest device.

Examples:
  baton whatif examples/gpt_host.textproto "link 2x faster" "chunk 3 20% faster" micro_batches=16
  baton whatif examples/gpt_host.textproto schedule=zb-h1 stages=2,micro_batches=4 --gradient
  baton whatif --stages=8 --micro-batches=24 --transfer=0.6ms "device 2 1.5x slower" "forward 10% faster")");
  command->callback([flags, &action] { action = [flags] { return RunWhatIf(*flags); }; });
}

}  // namespace baton
