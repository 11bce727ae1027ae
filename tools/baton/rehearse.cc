// `baton rehearse`: runs the real executor with devices that sleep, to compare a prediction with a measurement for any
// number of devices on any machine.
#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "base/write_file.h"
#include "runtime/process/environment.h"
#include "runtime/process/run_member.h"
#include "runtime/process/world.h"
#include "runtime/rehearse/near_median.h"
#include "runtime/rehearse/sleep_lateness.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/simulate/simulate.h"
#include "schedules/trace/chrome_trace.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"
#include "tools/baton/rehearsal.h"

namespace baton {
namespace {

struct RehearseFlags {
  ProblemFlags problem;
  int steps = 3;
  std::string trace_file;
  PictureFlags pictures;
  std::string format = "text";
};

// A rehearsal takes as long as the steps that it rehearses.
constexpr Nanos kLongestRehearsal = int64_t{3600} * 1'000'000'000;

// The times of all steps, and the few nearest to the median in full.
struct Measured {
  std::vector<Nanos> times;  // [step]
  NearMedian near;
  std::vector<Trace> traces = std::vector<Trace>(NearMedian::kSlots);  // [slot]
  std::vector<StepReport> reports = std::vector<StepReport>(NearMedian::kSlots);

  const Trace& trace() const { return traces[near.Nearest()]; }
  const StepReport& report() const { return reports[near.Nearest()]; }
};

// In other processes than rank 0 nothing is measured.
absl::Status RunSteps(const RehearsalPlan& plan, Control& control, Rehearsal& rehearsal, Measured& measured) {
  for (int step = 0; step < plan.steps; ++step) {
    Trace trace;
    trace.cores = plan.costs.cores;
    BATON_RETURN_IF_ERROR(rehearsal.RunStep(trace));
    if (control.rank() > 0) continue;
    StepReport report = Analyze(*plan.program, trace);
    measured.times.push_back(report.step_time);
    const int slot = measured.near.Add(report.step_time);
    if (slot < 0) continue;
    measured.traces[slot] = std::move(trace);
    measured.reports[slot] = std::move(report);
  }
  return absl::OkStatus();
}

// The shortest forward or backward that takes any time.
Nanos ShortestPass(const CostModel& costs) {
  Nanos shortest = std::numeric_limits<Nanos>::max();
  for (const ChunkCosts& chunk : costs.chunks) {
    for (const Nanos pass : {chunk.forward_ns, chunk.backward_input_ns, chunk.backward_weight_ns}) {
      if (pass > 0) shortest = std::min(shortest, pass);
    }
  }
  return shortest;
}

void PrintComparison(const StepReport& predicted, const StepReport& measured) {
  TextTable table({"", "predicted", "measured", "difference"}, {false, true, true, true});
  auto points = [](double a, double b) { return FormatSignedPoints(b - a, 2); };
  table.AddRow({"bubble", FormatPercent(predicted.bubble_ratio), FormatPercent(measured.bubble_ratio),
                points(predicted.bubble_ratio, measured.bubble_ratio)});
  table.AddRow({"span bubble", FormatPercent(predicted.span_bubble_ratio), FormatPercent(measured.span_bubble_ratio),
                points(predicted.span_bubble_ratio, measured.span_bubble_ratio)});
  const std::optional<double> predicted_hidden = HiddenCollectives(predicted);
  const std::optional<double> measured_hidden = HiddenCollectives(measured);
  if (predicted_hidden && measured_hidden) {
    table.AddRow({"collectives hidden", FormatPercent(*predicted_hidden), FormatPercent(*measured_hidden),
                  points(*predicted_hidden, *measured_hidden)});
  }
  table.AddRow(
      {"step", FormatDuration(predicted.step_time), FormatDuration(measured.step_time),
       FormatSignedPercent(static_cast<double>(measured.step_time) / static_cast<double>(predicted.step_time) - 1, 2)});
  std::cout << table.ToString() << "\n";
  if (predicted.devices.size() > 16) return;
  TextTable devices({"device", "predicted bubble", "measured bubble"}, {true, true, true});
  for (size_t i = 0; i < predicted.devices.size(); ++i) {
    devices.AddRow({absl::StrCat(i), FormatPercent(predicted.devices[i].BubbleRatio()),
                    FormatPercent(measured.devices[i].BubbleRatio())});
  }
  std::cout << devices.ToString() << "\n";
}

// The fastest and the slowest of several steps, whose times ascend.
void PrintSpread(const std::vector<Nanos>& times) {
  if (times.size() < 2) return;
  std::cout << "measured: "
            << (times.size() <= NearMedian::kSlots ? "the median step" : "the step nearest to the median") << " of "
            << times.size() << "; they took " << FormatDuration(times.front()) << " to " << FormatDuration(times.back())
            << "\n";
}

void FillStep(const StepReport& report, proto::RehearseReport::Step& step) {
  step.set_step_time_us(Micros(report.step_time));
  step.set_bubble_ratio(report.bubble_ratio);
  step.set_span_bubble_ratio(report.span_bubble_ratio);
  if (const std::optional<double> hidden = HiddenCollectives(report)) step.set_hidden_collectives(*hidden);
  for (const DeviceReport& device : report.devices) step.add_device_bubble_ratios(device.BubbleRatio());
}

std::string JsonOf(const StepReport& predicted, const Measured& measured) {
  proto::RehearseReport report;
  for (const Nanos time : measured.times) report.add_measured_step_times_us(Micros(time));
  FillStep(predicted, *report.mutable_predicted());
  FillStep(measured.report(), *report.mutable_measured());
  return ToJson(report);
}

// The part of a process that is not rank 0.
absl::Status TakePart(Control& control) {
  BATON_ASSIGN_OR_RETURN(const RehearsalPlan plan, ShareRehearsal(control, {}));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Rehearsal> rehearsal, Rehearsal::Create(plan, control));
  Measured none;
  return RunSteps(plan, control, *rehearsal, none);
}

absl::Status Lead(Control& control, const RehearseFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(CompileRequest request, problem.RequestFor(problem.schedule()));
  const int num_devices = request.num_stages * request.replicas;
  if (num_devices > kMostRehearsedDevices) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.replicas > 1 ? "--stages × --replicas: " : "--stages: ", num_devices,
                     " devices; a rehearsal needs threads for each and allows at most ", kMostRehearsedDevices));
  }
  const bool shares_cores = request.costs.cores.AreShared(num_devices);
  BATON_ASSIGN_OR_RETURN(const bool takes_turns,
                         AreCoresWithinProcesses(request.costs.cores, num_devices, control.size()));
  if (!takes_turns) request.costs.cores = SharedCores();
  BATON_ASSIGN_OR_RETURN(Program compiled, problem.CompileProgram(request));
  const auto program = std::make_shared<const Program>(std::move(compiled));
  BATON_ASSIGN_OR_RETURN(const Trace simulated, Simulate(*program, request.costs));
  const StepReport predicted = Analyze(*program, simulated);
  if (predicted.step_time == 0) {
    return absl::InvalidArgumentError("--forward, --backward-input, --backward-weight: all 0; nothing to rehearse");
  }
  if (predicted.step_time > kLongestRehearsal / flags.steps) {
    return absl::InvalidArgumentError(absl::StrCat("--steps: ", flags.steps, " steps of ",
                                                   FormatDuration(predicted.step_time),
                                                   "; a rehearsal takes real time, at most 3600 s"));
  }
  BATON_RETURN_IF_ERROR(CheckWritable("--trace", flags.trace_file));
  BATON_RETURN_IF_ERROR(CheckWritable(flags.pictures));
  RehearsalPlan plan = {program, request.costs, flags.steps, 0};
  for (const auto& intervals : simulated.devices) {
    for (const Interval& interval : intervals) plan.longest = std::max(plan.longest, interval.end - interval.start);
  }
  BATON_ASSIGN_OR_RETURN(plan, ShareRehearsal(control, std::move(plan)));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Rehearsal> rehearsal, Rehearsal::Create(plan, control));
  // All processes are connected now.
  const bool is_text = flags.format == "text";
  if (is_text)
    std::cout << problem.schedule() << ": " << problem.description() << "\n"
              << "rehearsing " << flags.steps << (flags.steps == 1 ? " step of " : " steps of ")
              << FormatDuration(predicted.step_time) << " on " << program->num_devices()
              << (program->num_devices() == 1 ? " sleeping device" : " sleeping devices")
              << (control.size() == 1 ? "" : absl::StrCat(" in ", control.size(), " processes"))
              << (shares_cores && !takes_turns ? ", each with a core of its own" : "") << "\n\n"
              << std::flush;
  BATON_ASSIGN_OR_RETURN(const Nanos lateness, MeasureSleepLateness());
  Measured measured;
  BATON_RETURN_IF_ERROR(RunSteps(plan, control, *rehearsal, measured));
  const Trace& trace = measured.trace();
  if (is_text) {
    PrintComparison(predicted, measured.report());
    PrintSpread(measured.near.times());
    std::cout << DescribeSleepLateness(lateness, ShortestPass(request.costs)) << "\n";
  } else {
    std::cout << JsonOf(predicted, measured);
  }
  if (!flags.trace_file.empty()) {
    BATON_RETURN_IF_ERROR(WriteFile(flags.trace_file, ToChromeTrace(*program, trace, &simulated, flags.trace_file)));
  }
  HtmlSchedule page;
  page.name = problem.schedule();
  page.subtitle = FirstLine(problem.description());
  page.program = program.get();
  page.timelines = {{"predicted", &simulated}, {"measured", &trace}};
  return WritePictures(flags.pictures, absl::StrCat(page.name, ": ", page.subtitle), {page});
}

absl::Status RunRehearse(const RehearseFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const World world, FindWorld(Environment::OfProcess()));
  const proto::Hello hello = world.size > 1 ? HelloOf(world, kVersion) : proto::Hello();
  const auto log = [](const std::string& line) { std::cout << line << std::endl; };
  const MemberEnd end = RunMember(world, hello, log, [&flags](Control& control) {
    return control.rank() == 0 ? Lead(control, flags) : TakePart(control);
  });
  return end.is_silent ? ExitSilently(end.status) : end.status;
}

}  // namespace

void AddRehearseCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand(
      "rehearse", "Run the real executor with devices that sleep; compare predicted and measured bubble");
  auto flags = std::make_shared<RehearseFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  command
      ->add_option("--steps", flags->steps,
                   "Steps to run; the one with the median time, or nearest to it, is reported (3)")
      ->check(Between(1, 1000));
  command->add_option("--trace", flags->trace_file, "Write the trace of that step, for baton explain and Perfetto")
      ->type_name("FILE");
  AddPictureFlags(*command, flags->pictures, /*with_svg=*/true);
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(Rehearse stages of a few milliseconds or more: for much shorter ones the time that a thread takes to wake
dominates; the last line says how long that is here. As one of several processes it rehearses its part of the devices;
transfers between processes are real, but carry no bytes. The trace and the pictures show the median step.

Examples:
  baton rehearse --stages=8 --micro-batches=32 --forward=4ms --backward-input=4ms --backward-weight=4ms
  baton launch -n 4 -- rehearse --stages=4 --micro-batches=8 --forward=5ms --backward-input=5ms --backward-weight=5ms
  baton rehearse --stages=64 --micro-batches=128 --forward=5ms --backward-input=5ms --backward-weight=5ms)");
  command->callback([flags, &action] { action = [flags] { return RunRehearse(*flags); }; });
}

}  // namespace baton
