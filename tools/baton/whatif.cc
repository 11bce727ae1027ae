// `baton whatif`: simulates the step with changed costs or settings, and derives it by each cost.
#include <cmath>
#include <iostream>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/cost_change.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/cost_derivatives.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct WhatIfFlags {
  ProblemFlags problem;
  std::vector<std::string> changes;
  bool gradient = false;
};

// A simulated step.
struct Outcome {
  CompileRequest request;
  Program program;
  Trace trace;
  StepReport report;
};

absl::StatusOr<Outcome> Predict(const Problem& problem, CompileRequest request) {
  Outcome outcome;
  BATON_ASSIGN_OR_RETURN(outcome.program, problem.CompileProgram(request));
  BATON_ASSIGN_OR_RETURN(outcome.trace, Simulate(outcome.program, request.costs));
  outcome.report = Analyze(outcome.program, outcome.trace);
  outcome.request = std::move(request);
  return outcome;
}

// Sets the flag that a setting like micro_batches=64 stands for.
absl::Status ApplySetting(const std::string& setting, ProblemFlags& flags) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(setting, absl::MaxSplits('=', 1));
  const auto& [name, value] = parts;
  const std::pair<const char*, std::optional<int>*> numbers[] = {{"stages", &flags.stages},
                                                                 {"micro_batches", &flags.micro_batches},
                                                                 {"chunks", &flags.chunks},
                                                                 {"group", &flags.micro_batch_group}};
  for (const auto& [known, field] : numbers) {
    if (name != known) continue;
    int number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < 1) {
      return absl::InvalidArgumentError(absl::StrCat("\"", setting, "\": ", name, " must be a whole number from 1"));
    }
    *field = number;
    return absl::OkStatus();
  }
  const std::pair<const char*, std::string*> texts[] = {{"schedule", &flags.schedule},
                                                        {"forward", &flags.forward},
                                                        {"backward_input", &flags.backward_input},
                                                        {"backward_weight", &flags.backward_weight},
                                                        {"transfer", &flags.transfer}};
  for (const auto& [known, field] : texts) {
    if (name != known) continue;
    *field = value;
    return absl::OkStatus();
  }
  if (!flags.job.empty() && absl::StrContains(name, ".")) {
    flags.overrides.push_back(setting);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", setting, "\": there is no setting \"", name,
                   "\"; the settings are stages, micro_batches, chunks, group and schedule; without a job also "
                   "forward, backward_input, backward_weight and transfer; with a job any of its fields, as "
                   "pipeline.stages=4"));
}

// `text`: settings, or changes of costs.
absl::StatusOr<Outcome> PredictChange(const std::string& text, const ProblemFlags& flags, const Problem& problem,
                                      const Outcome& base) {
  if (!LooksLikeCostChange(text) && absl::StrContains(text, "=")) {
    ProblemFlags changed = flags;
    for (const auto& setting : absl::StrSplit(text, ',')) {
      BATON_RETURN_IF_ERROR(ApplySetting(std::string(absl::StripAsciiWhitespace(setting)), changed));
    }
    absl::StatusOr<Problem> other = Problem::Create(changed, &problem);
    if (!other.ok()) {
      return absl::Status(other.status().code(),
                          absl::StrCat("\"", text, "\": ", std::string(other.status().message())));
    }
    absl::StatusOr<CompileRequest> request = other->RequestFor(other->schedule());
    absl::StatusOr<Outcome> outcome = request.ok() ? Predict(*other, *std::move(request)) : request.status();
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

// As "+1.3 %"; a value that rounds to 0.0 has no sign.
std::string Signed(double value, const char* unit) {
  return std::abs(value) < 0.05 ? absl::StrCat("0.0 ", unit) : absl::StrFormat("%+.1f %s", value, unit);
}

void AddOutcome(const std::string& name, const Outcome& outcome, const Outcome& base, TextTable& table) {
  const auto each = [](const Outcome& of) {
    return static_cast<double>(of.report.step_time) / std::max(1, of.program.num_micro_batches);
  };
  const bool is_base = &outcome == &base;
  table.AddRow({name, FormatDuration(outcome.report.step_time), FormatDuration(static_cast<Nanos>(each(outcome))),
                is_base ? "" : Signed(100 * (each(outcome) / std::max(1.0, each(base)) - 1), "%"),
                FormatPercent(outcome.report.bubble_ratio),
                is_base ? "" : Signed(100 * (outcome.report.bubble_ratio - base.report.bubble_ratio), "points")});
}

void PrintGradient(const Outcome& base) {
  const Blame blame =
      BlameOf(base.program, CriticalPath(base.program, Dependencies(base.program), base.trace, &base.request.costs));
  TextTable table({"cost", "now", "ns per ns", "10 % off saves at most"}, {false, true, true, true});
  for (const CostDerivative& of : CostDerivatives(base.request.costs, blame)) {
    const double part = 0.1 * static_cast<double>(of.cost) * static_cast<double>(of.step_per_cost);
    table.AddRow({of.name, FormatDuration(of.cost), absl::StrCat(of.step_per_cost),
                  FormatPercent(part / static_cast<double>(std::max<Nanos>(1, base.report.step_time)))});
  }
  std::cout
      << "\nThe derivative of the step by each cost: how often the cost is on the critical path, which is how many ns\n"
         "the step gains or loses per ns of it. Costs that are not listed are not on the path.\n\n"
      << table.ToString();
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
  BATON_ASSIGN_OR_RETURN(const Outcome base, Predict(problem, std::move(request)));
  TextTable table({"what if", "step", "a micro-batch", "change", "bubble", "change"},
                  {false, true, true, true, true, true});
  AddOutcome("(as it is)", base, base, table);
  for (const std::string& change : flags.changes) {
    BATON_ASSIGN_OR_RETURN(const Outcome outcome, PredictChange(change, flags.problem, problem, base));
    AddOutcome(change, outcome, base, table);
  }
  std::cout << problem.schedule() << ": " << problem.description() << "\n\n" << table.ToString();
  if (flags.gradient) PrintGradient(base);
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
  command->footer(
      R"(Changes of costs: WHAT AMOUNT faster or slower. WHAT is chunk N, device N, link (all), link N-M (between
chunks N and M), load or reduce; after chunk, device or alone: forward, backward, backward-input, backward-weight,
optimizer. AMOUNT: 2x (half or twice the time) or 20% (of the time). Settings: stages, micro_batches, chunks, group,
schedule, and with a job any of its fields, as batch.sequences=32. "a micro-batch" is the step's time divided by the
number of micro-batches.

Examples:
  baton whatif examples/gpt_host.textproto "link 2x faster" "chunk 3 20% faster" micro_batches=16
  baton whatif examples/gpt_host.textproto schedule=zb-h1 stages=2,micro_batches=4 --gradient
  baton whatif --stages=8 --micro-batches=24 --transfer=0.6ms "device 2 1.5x slower" "forward 10% faster")");
  command->callback([flags, &action] { action = [flags] { return RunWhatIf(*flags); }; });
}

}  // namespace baton
