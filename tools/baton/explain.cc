// `baton explain`: compares a measured step with its prediction, or with another measured step.
#include "schedules/analyze/explain.h"

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/read_file.h"
#include "base/status.h"
#include "base/text_table.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/program/form/describe.h"
#include "schedules/simulate/simulate.h"
#include "schedules/trace/read_chrome_trace.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/explain_report.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct ExplainFlags {
  ProblemFlags problem;
  std::vector<std::string> traces;
  PictureFlags pictures;
  int rows = 10;
  std::string format = "text";
};

// Two traces of one program.
struct Pair {
  Program program;
  Trace predicted;
  Trace measured;
  TraceNames names;
};

absl::StatusOr<ReadTrace> ReadTraceFile(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("trace", path, kMaxChromeTraceBytes));
  return ReadChromeTrace(text, NameOfFile(path));
}

// Whether the user described a pipeline. If not, the trace does.
bool HasProblem(const ProblemFlags& flags) {
  return !flags.job.empty() || flags.stages || !flags.costs.empty() || !flags.order.empty();
}

// Errors: InvalidArgument if the trace at `path` is of another schedule, or of other sizes, than the user described.
absl::Status CheckSameSizes(const Program& described, const Program& traced, const std::string& path) {
  if (described.devices.size() == traced.devices.size() && described.num_micro_batches == traced.num_micro_batches &&
      described.num_chunks == traced.num_chunks && described.schedule == traced.schedule) {
    return absl::OkStatus();
  }
  const auto sizes = [](const Program& program) {
    return absl::StrCat(program.schedule, " with ", FormatPlural(program.num_chunks, "chunk"), " on ",
                        FormatPlural(program.num_devices(), "device"), " and ",
                        FormatPlural(program.num_micro_batches, "micro-batch"));
  };
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is of another program: ", sizes(traced), "; described is ", sizes(described)));
}

absl::StatusOr<Pair> ReadPair(const ExplainFlags& flags) {
  if (flags.traces.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("--trace: given ", flags.traces.size(), " times; at most two are allowed"));
  }
  BATON_ASSIGN_OR_RETURN(ReadTrace last, ReadTraceFile(flags.traces.back()));
  Pair pair;
  if (flags.traces.size() == 2) {
    if (HasProblem(flags.problem)) {
      return absl::InvalidArgumentError(
          "--trace: given twice, so nothing is predicted; leave out the job and its flags");
    }
    const std::string& first = flags.traces.front();
    BATON_ASSIGN_OR_RETURN(ReadTrace before, ReadTraceFile(first));
    BATON_RETURN_IF_ERROR(CheckSameOperations(before.program, first, last.program, flags.traces.back()));
    pair.predicted = std::move(before.trace);
    pair.names = {"first", "second", absl::StrCat("in ", Printable(first))};
  } else if (HasProblem(flags.problem)) {
    BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
    BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(problem.schedule()));
    BATON_ASSIGN_OR_RETURN(const Program described, problem.CompileProgram(request));
    BATON_RETURN_IF_ERROR(CheckSameSizes(described, last.program, flags.traces.back()));
    // Costs influence the order of transfers, so the program that ran may differ there: the trace's own is simulated.
    BATON_ASSIGN_OR_RETURN(pair.predicted, Simulate(last.program, request.costs));
  } else if (last.predicted) {
    pair.predicted = *std::move(last.predicted);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.traces.back(),
                     " contains no prediction of times: its step ran before any had been measured. For one, train at "
                     "least three steps, or with --costs=FILE of baton profile, or set devices.rates; or give baton "
                     "explain a job, flags or a second --trace"));
  }
  pair.program = std::move(last.program);
  pair.measured = std::move(last.trace);
  return pair;
}

std::string Share(Nanos part, Nanos whole) {
  return FormatSignedPercent(static_cast<double>(part) / static_cast<double>(std::max<Nanos>(1, whole)));
}

void PrintSteps(const Explanation& explanation, const TraceNames& names) {
  TextTable table({"", names.predicted, names.measured, "difference"}, {false, true, true, true});
  const StepReport& before = explanation.predicted;
  const StepReport& after = explanation.measured;
  table.AddRow({"step", FormatDuration(before.step_time), FormatDuration(after.step_time),
                Share(explanation.StepDifference(), before.step_time)});
  table.AddRow({"bubble", FormatPercent(before.bubble_ratio), FormatPercent(after.bubble_ratio),
                FormatSignedPoints(after.bubble_ratio - before.bubble_ratio)});
  // `part`: the nanoseconds of a device.
  const auto add_part = [&](const std::string& name, const auto& part) {
    const auto ratio = [&](const StepReport& report) {
      Nanos sum = 0;
      for (const DeviceReport& device : report.devices) sum += part(device);
      return static_cast<double>(sum) /
             (static_cast<double>(std::max<Nanos>(1, report.step_time)) * static_cast<double>(report.devices.size()));
    };
    const double was = ratio(before), is = ratio(after);
    if (was == 0 && is == 0) return;
    table.AddRow({absl::StrCat("  of it ", name), FormatPercent(was), FormatPercent(is), FormatSignedPoints(is - was)});
  };
  for (int i = 0; i < kNumIdleCauses; ++i) {
    const auto cause = static_cast<IdleCause>(i);
    add_part(NameOf(cause), [cause](const DeviceReport& device) { return device.idle.Of(cause); });
  }
  add_part(absl::StrCat("waiting for a ", explanation.measured_blame.core_noun),
           [](const DeviceReport& device) { return device.core_wait; });
  std::cout << table.ToString() << "\n";
}

void PrintDifferences(const Explanation& explanation, const TraceNames& names, int rows) {
  std::cout << "Instructions that ran longer or shorter, and their effect on the step (the effects add up):\n\n";
  TextTable table({"what", "times", names.predicted, names.measured, "each", "step"},
                  {false, true, true, true, true, true});
  Nanos rest = 0;
  int64_t num_rest = 0;
  for (size_t i = 0; i < explanation.differences.size(); ++i) {
    const Difference& difference = explanation.differences[i];
    if (i >= static_cast<size_t>(rows)) {
      rest += difference.step_cost;
      ++num_rest;
      continue;
    }
    table.AddRow({difference.name, absl::StrCat(difference.count), FormatDuration(difference.predicted_mean),
                  FormatDuration(difference.measured_mean),
                  // A percentage of less than a microsecond says nothing.
                  difference.predicted_mean < 1000
                      ? ""
                      : Share(difference.measured_mean - difference.predicted_mean, difference.predicted_mean),
                  FormatSignedDuration(difference.step_cost)});
  }
  if (num_rest > 0) table.AddRow({FormatPlural(num_rest, "other"), "", "", "", "", FormatSignedDuration(rest)});
  table.AddRow({"later starts", "", "", "", "", FormatSignedDuration(explanation.late_starts)});
  table.AddRow({"together", "", FormatDuration(explanation.predicted.step_time),
                FormatDuration(explanation.measured.step_time), "",
                FormatSignedDuration(explanation.StepDifference())});
  std::cout << table.ToString() << "\n";
}

void PrintWaitings(const Explanation& explanation, const TraceNames& names, int rows) {
  TextTable table({"device", "waited for", names.predicted, names.measured, "longer"}, {true, false, true, true, true});
  int shown = 0;
  for (const Waiting& waiting : explanation.waitings) {
    if (waiting.measured <= waiting.predicted || shown == rows) break;
    ++shown;
    table.AddRow({absl::StrCat(waiting.device),
                  absl::StrCat("chunk ", waiting.for_chunk, " on device ", waiting.for_device),
                  FormatDuration(waiting.predicted), FormatDuration(waiting.measured),
                  FormatSignedDuration(waiting.measured - waiting.predicted)});
  }
  if (shown > 0) std::cout << "Devices that waited longer than predicted:\n\n" << table.ToString() << "\n";
}

void PrintLongest(const Program& program, const Explanation& explanation, const TraceNames& names) {
  if (explanation.longest.empty()) return;
  std::cout << "Single instructions furthest above their prediction, and what each alone costs the step:\n\n";
  TextTable table({"device", "instruction", names.predicted, names.measured, "step"}, {true, false, true, true, true});
  for (const LongInstruction& instruction : explanation.longest) {
    const auto [device, index] = instruction.ref;
    table.AddRow({absl::StrCat(device), Describe(program.devices[device].instructions[index].operation),
                  FormatDuration(instruction.predicted), FormatDuration(instruction.measured),
                  FormatSignedDuration(instruction.step_cost)});
  }
  std::cout << table.ToString() << "\n";
}

// `what`: the program, in a line.
void PrintExplanation(const ExplainFlags& flags, const std::string& what, const Pair& pair,
                      const Explanation& explanation) {
  std::cout << what << "\n";
  if (flags.traces.size() == 2) {
    std::cout << "first: " << Printable(flags.traces[0]) << "\nsecond: " << Printable(flags.traces[1]) << "\n";
  }
  std::cout << "\n";
  PrintSteps(explanation, pair.names);
  PrintDifferences(explanation, pair.names, flags.rows);
  PrintWaitings(explanation, pair.names, flags.rows);
  PrintLongest(pair.program, explanation, pair.names);
  std::cout << "critical path, " << pair.names.predicted << ": " << DescribeShares(explanation.predicted_blame, 6)
            << "\n"
            << "critical path, " << pair.names.measured << ": " << DescribeShares(explanation.measured_blame, 6)
            << "\n\n";
  for (const std::string& sentence : InThreeSentences(pair.program, explanation, pair.names))
    std::cout << sentence << "\n";
}

absl::Status RunExplain(const ExplainFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Pair pair, ReadPair(flags));
  BATON_RETURN_IF_ERROR(CheckWritable(flags.pictures));
  BATON_ASSIGN_OR_RETURN(const Explanation explanation, Explain(pair.program, pair.predicted, pair.measured));
  const Program& program = pair.program;
  const std::string what =
      absl::StrCat(Printable(program.schedule), ": ", FormatPlural(program.num_devices(), "device"), ", ",
                   FormatPlural(program.num_micro_batches, "micro-batch"));
  if (flags.format == "json") {
    std::cout << ToJson(ToExplainReport(program, explanation, pair.names));
  } else {
    PrintExplanation(flags, what, pair, explanation);
  }
  HtmlSchedule page;
  page.name = program.schedule;
  page.subtitle = what;
  page.program = &program;
  page.timelines = {{pair.names.predicted, &pair.predicted}, {pair.names.measured, &pair.measured}};
  return WritePictures(flags.pictures, what, {page});
}

}  // namespace

void AddExplainCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("explain", "Compare a measured step with its prediction: what ran longer, and what that cost");
  auto flags = std::make_shared<ExplainFlags>();
  command
      ->add_option("--trace", flags->traces,
                   "Trace of baton train or baton rehearse; two traces are compared with each other")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILE");
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  AddPictureFlags(*command, flags->pictures, /*with_svg=*/true);
  command->add_option("--rows", flags->rows, "Most rows of each table (10)")->check(Between(1, 10000));
  AddFormatFlag(*command, flags->format);
  command->footer(R"(Without JOB or flags the prediction is the one in the trace; baton train makes it from the costs of
earlier steps, and has none before the third step unless the job has devices.rates or --costs. The effect of each part
on the step is found by simulating the step again with measured instead of predicted durations, for one part after the
other, in one order and in its reverse; the mean is shown.

Examples:
  baton explain --trace runs/gpt/trace.json      # after baton train … --output runs/gpt
  baton explain examples/gpt_host.textproto --trace runs/gpt/trace.json --html=explain.html
  baton explain --trace monday.json --trace tuesday.json)");
  command->callback([flags, &action] { action = [flags] { return RunExplain(*flags); }; });
}

}  // namespace baton
