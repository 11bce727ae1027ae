// `baton rehearse`: runs the real executor with devices that sleep, to compare a prediction with a measurement for any
// number of devices on any machine.
#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "base/write_file.h"
#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/rehearse/near_median.h"
#include "runtime/rehearse/sleep_lateness.h"
#include "runtime/rehearse/timed_module.h"
#include "runtime/transport/local/local_transport.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/program/walk/participants.h"
#include "schedules/simulate/simulate.h"
#include "schedules/trace/chrome_trace.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct RehearseFlags {
  ProblemFlags problem;
  int steps = 3;
  std::string trace_file;
  PictureFlags pictures;
  std::string format = "text";
};

// Each device has threads of its own; a machine limits the threads of a process.
constexpr int kMostDevices = 1024;

// A rehearsal takes as long as the steps that it rehearses.
constexpr Nanos kLongestRehearsal = int64_t{3600} * 1'000'000'000;

// Devices, modules and the executor of one rehearsal.
struct Rehearsal {
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<std::unique_ptr<TimedModule>> modules;
  std::unique_ptr<LocalTransport> transport;
  std::unique_ptr<Executor> executor;
};

// With measured transfers: the latency of each transfer of a step, by (from, to), in the order of the sends. Else
// empty.
std::map<std::pair<int, int>, std::vector<Nanos>> LatenciesOf(const Program& program, const CostModel& costs) {
  std::map<std::pair<int, int>, std::vector<Nanos>> latencies;
  if (costs.link_ns.empty()) return latencies;
  for (int device = 0; device < program.num_devices(); ++device) {
    for (const Instruction& instruction : program.devices[device].instructions) {
      const Send* send = std::get_if<Send>(&instruction.operation);
      if (send == nullptr) continue;
      const int chunk = send->payload == Payload::kActivation ? send->chunk : send->chunk - 1;
      latencies[{device, send->peer}].push_back(costs.LinkNs(chunk));
    }
  }
  return latencies;
}

absl::StatusOr<std::unique_ptr<Rehearsal>> Prepare(std::shared_ptr<const Program> program, const CostModel& costs,
                                                   const Trace& predicted) {
  auto rehearsal = std::make_unique<Rehearsal>();
  ExecutorOptions options;
  for (int index = 0; index < program->num_devices(); ++index) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Device> device, HostDevice::Create(index, RehearsalDeviceOptions()));
    options.devices.push_back(device.get());
    rehearsal->devices.push_back(std::move(device));
  }
  for (const ChunkReplica& replica : program->placement.replicas()) {
    const ChunkCosts& chunk = costs.chunks[replica.chunk];
    TimedCosts timed;
    timed.forward_ns = chunk.forward_ns;
    timed.backward_input_ns = chunk.backward_input_ns;
    timed.backward_weight_ns = chunk.backward_weight_ns;
    timed.recompute_ns = chunk.recompute_ns;
    timed.update_ns = chunk.update_ns;
    timed.load_ns = costs.load_ns;
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<TimedModule> module, TimedModule::Create(timed));
    options.modules.push_back(module.get());
    rehearsal->modules.push_back(std::move(module));
  }
  LocalTransportOptions transport;
  const auto latencies = LatenciesOf(*program, costs);
  transport.link = [costs, latencies](int from, int to) {
    if (const auto found = latencies.find({from, to}); found != latencies.end()) {
      return LocalLinkOptions{0, 0, -1, found->second};
    }
    const LinkCosts link = costs.LinkBetween(from, to);
    const int from_node = costs.NodeOf(from), to_node = costs.NodeOf(to);
    // All transfers from one node to another share one link.
    const int shared = from_node == to_node ? -1 : from_node * kMostDevices + to_node;
    return LocalLinkOptions{link.latency_ns, link.bytes_per_ns, shared};
  };
  transport.reduce_ns = [costs, program](int group) {
    return costs.ReduceNanos(DevicesOfMembers(*program, group), program->reduce_groups[group].bytes,
                             program->reduce_groups[group].kind != ReduceKind::kShardedUpdate);
  };
  transport.moves_data = false;
  rehearsal->transport = std::make_unique<LocalTransport>(transport);
  options.transport = rehearsal->transport.get();
  // Instructions may sleep for longer than the watchdog's usual timeout.
  Nanos longest = 0;
  for (const auto& intervals : predicted.devices) {
    for (const Interval& interval : intervals) longest = std::max(longest, interval.end - interval.start);
  }
  options.watchdog_timeout_ms += 2 * longest / 1'000'000;
  BATON_ASSIGN_OR_RETURN(rehearsal->executor, Executor::Create(std::move(program), std::move(options)));
  return rehearsal;
}

// The times of all steps, and the few nearest to the median in full.
struct Measured {
  std::vector<Nanos> times;  // [step]
  NearMedian near;
  std::vector<Trace> traces = std::vector<Trace>(NearMedian::kSlots);  // [slot]
  std::vector<StepReport> reports = std::vector<StepReport>(NearMedian::kSlots);

  const Trace& trace() const { return traces[near.Nearest()]; }
  const StepReport& report() const { return reports[near.Nearest()]; }
};

absl::Status RunSteps(int steps, const Program& program, Executor& executor, Measured& measured) {
  for (int step = 0; step < steps; ++step) {
    Trace trace;
    BATON_RETURN_IF_ERROR(executor.RunStep(&trace));
    StepReport report = Analyze(program, trace);
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
  for (const DeviceReport& device : report.devices) step.add_device_bubble_ratios(device.BubbleRatio());
}

std::string JsonOf(const StepReport& predicted, const Measured& measured) {
  proto::RehearseReport report;
  for (const Nanos time : measured.times) report.add_measured_step_times_us(Micros(time));
  FillStep(predicted, *report.mutable_predicted());
  FillStep(measured.report(), *report.mutable_measured());
  return ToJson(report);
}

absl::Status RunRehearse(const RehearseFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(problem.schedule()));
  const int num_devices = request.num_stages * request.replicas;
  if (num_devices > kMostDevices) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.replicas > 1 ? "--stages × --replicas: " : "--stages: ", num_devices,
                     " devices; a rehearsal needs threads for each and allows at most ", kMostDevices));
  }
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
  const bool is_text = flags.format == "text";
  if (is_text)
    std::cout << problem.schedule() << ": " << problem.description() << "\n"
              << "rehearsing " << flags.steps << (flags.steps == 1 ? " step of " : " steps of ")
              << FormatDuration(predicted.step_time) << " on " << program->num_devices()
              << (program->num_devices() == 1 ? " sleeping device\n\n" : " sleeping devices\n\n") << std::flush;
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Rehearsal> rehearsal, Prepare(program, request.costs, simulated));
  BATON_ASSIGN_OR_RETURN(const Nanos lateness, MeasureSleepLateness());
  Measured measured;
  BATON_RETURN_IF_ERROR(RunSteps(flags.steps, *program, *rehearsal->executor, measured));
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
dominates; the last line says how long that is here. The trace and the pictures show the median step.

Examples:
  baton rehearse --stages=8 --micro-batches=32 --forward=4ms --backward-input=4ms --backward-weight=4ms
  baton rehearse --stages=64 --micro-batches=128 --forward=5ms --backward-input=5ms --backward-weight=5ms)");
  command->callback([flags, &action] { action = [flags] { return RunRehearse(*flags); }; });
}

}  // namespace baton
