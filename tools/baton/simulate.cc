// `baton simulate`: the timeline of one schedule, and the causes of each device's idle time.
#include "schedules/simulate/simulate.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "base/terminal.h"
#include "base/text_table.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/move_layer.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/draw/memory_table.h"
#include "schedules/draw/timeline.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/kernel_report.h"
#include "tools/baton/pictures.h"
#include "tools/baton/problem.h"
#include "tools/baton/transport_flags.h"

namespace baton {
namespace {

struct SimulateFlags {
  ProblemFlags problem;
  TransportFlags transport;
  PictureFlags pictures;
  std::string format = "text";
  int columns = 0;  // 0: as wide as the terminal
  int devices = 32;
};

// The width where there is no terminal.
constexpr int kDefaultColumns = 120;
constexpr int kLeastColumns = 20;

int WidthOf(const SimulateFlags& flags) {
  if (flags.columns > 0) return flags.columns;
  return std::max(kLeastColumns, ColumnsOf(STDOUT_FILENO, kDefaultColumns));
}

void PrintReport(const Problem& problem, const Program& program, const Trace& trace, const StepReport& report,
                 const Certificate& certificate, const SimulateFlags& flags) {
  TimelineOptions options;
  // Without "device 12 |" and "|".
  const int label = static_cast<int>(absl::StrCat("device ", program.num_devices() - 1, " ||").size());
  options.columns = std::max(1, WidthOf(flags) - label);
  options.color = CanColor(STDOUT_FILENO);
  options.devices = flags.devices;
  std::cout << problem.schedule() << ": " << problem.description() << "\n\n"
            << DrawTimeline(program, trace, options) << "\n";
  // In most programs nothing waits for a collective or a core; these columns are left out then.
  const bool has_collectives = std::any_of(report.devices.begin(), report.devices.end(),
                                           [](const DeviceReport& device) { return device.idle.collective > 0; });
  const bool has_core_waits = std::any_of(report.devices.begin(), report.devices.end(),
                                          [](const DeviceReport& device) { return device.core_wait > 0; });
  std::vector<std::string> head = {"device", "busy", "bubble", "fill", "drain", "neighbour", "transfer"};
  if (has_collectives) head.push_back("collective");
  if (has_core_waits) head.push_back(trace.cores.Noun());
  head.insert(head.end(), {"held", "memory"});
  TextTable table(head, std::vector<bool>(head.size(), true));
  IdleCauses total;
  Nanos core_waits = 0;
  for (const int i : ChooseDevices(program.num_devices(), flags.devices)) {
    const DeviceReport& device = report.devices[i];
    std::vector<std::string> row = {std::to_string(i),
                                    FormatDuration(device.busy),
                                    FormatPercent(device.BubbleRatio()),
                                    FormatDuration(device.idle.fill),
                                    FormatDuration(device.idle.drain),
                                    FormatDuration(device.idle.neighbour),
                                    FormatDuration(device.idle.transfer)};
    if (has_collectives) row.push_back(FormatDuration(device.idle.collective));
    if (has_core_waits) row.push_back(FormatDuration(device.core_wait));
    row.push_back(FormatCount(device.peak_micro_batches));
    row.push_back(device.peak_bytes > 0 ? FormatBytes(device.peak_bytes) : "-");
    table.AddRow(row);
  }
  for (const DeviceReport& device : report.devices) {
    total.fill += device.idle.fill;
    total.drain += device.idle.drain;
    total.neighbour += device.idle.neighbour;
    total.transfer += device.idle.transfer;
    total.collective += device.idle.collective;
    core_waits += device.core_wait;
  }
  std::cout << table.ToString();
  if (program.num_devices() > flags.devices) {
    std::cout << flags.devices << " of " << program.num_devices() << " devices; --devices=" << program.num_devices()
              << " shows all\n";
  }
  std::cout << "\n"
            << "step " << FormatDuration(report.step_time) << ", bubble " << FormatPercent(report.bubble_ratio)
            << ", span bubble " << FormatPercent(report.span_bubble_ratio) << "\n";
  if (const std::string rate = problem.DescribeThroughput(report.step_time); !rate.empty()) std::cout << rate << "\n";
  if (certificate.lower_bound_ns > 0) std::cout << DescribeSearch(certificate, report) << "\n";
  if (const Nanos all = total.Total() + core_waits; all > 0) {
    auto share = [&](Nanos part) { return FormatPercent(static_cast<double>(part) / static_cast<double>(all)); };
    std::cout << "idle time of all devices: fill " << share(total.fill) << ", drain " << share(total.drain)
              << ", neighbour's compute " << share(total.neighbour) << ", transfer " << share(total.transfer);
    if (has_collectives) std::cout << ", collectives " << share(total.collective);
    if (has_core_waits) std::cout << ", waiting for a " << trace.cores.Noun() << " " << share(core_waits);
    std::cout << "\n";
  }
  if (const std::optional<double> hidden = HiddenCollectives(report)) {
    std::cout << "collectives: " << FormatPercent(*hidden) << " of their time is hidden behind other work\n";
  }
}

// The shares of the critical path, and the effect of moving a layer off the chunk with the largest share.
absl::Status PrintBlame(const Problem& problem, const CompileRequest& request, const Program& program,
                        const Trace& trace) {
  const Blame blame =
      BlameOf(program, CriticalPath(program, Dependencies(program, request.transport), trace, &request.costs), trace);
  std::cout << "critical path: " << DescribeShares(blame, 5) << "\n";
  if (blame.step_time == 0) return absl::OkStatus();
  const int chunk = MostCriticalChunk(blame);
  BATON_ASSIGN_OR_RETURN(const std::optional<EndLayers> layers, problem.EndLayersOf(request, chunk));
  if (!layers) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(const std::optional<LayerMove> move,
                         BestMove(program, request.costs, chunk, *layers, {request.transport}));
  std::cout << DescribeMove(blame, chunk, *layers, move) << "\n";
  return absl::OkStatus();
}

absl::Status RunSimulate(const SimulateFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(CompileRequest request, problem.RequestFor(problem.schedule()));
  BATON_ASSIGN_OR_RETURN(request.transport, ParseTransport(flags.transport));
  BATON_RETURN_IF_ERROR(CheckWritable(flags.pictures));
  Certificate certificate;
  BATON_ASSIGN_OR_RETURN(const Program program, problem.CompileProgram(request, &certificate));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, request.costs, {request.transport}));
  BATON_ASSIGN_OR_RETURN(const StepReport report, Problem::Report(request, program, trace));
  if (flags.format == "json") {
    proto::SimulateReport message = ToSimulateReport(problem.schedule(), report);
    if (certificate.lower_bound_ns > 0) FillCertificate(certificate, report, message);
    BATON_ASSIGN_OR_RETURN(const std::vector<KernelRow> kernels, problem.Kernels());
    AddKernels(kernels, *message.mutable_kernels());
    std::cout << ToJson(message);
  } else {
    PrintReport(problem, program, trace, report, certificate, flags);
    BATON_RETURN_IF_ERROR(PrintBlame(problem, request, program, trace));
    const std::string memory = MemoryTable(program, ChooseDevices(program.num_devices(), flags.devices));
    if (!memory.empty()) std::cout << "\n" << memory;
    if (const absl::Status fits = problem.CheckMemory(request, program); !fits.ok()) {
      std::cout << "\n" << fits.message() << "\n" << problem.AdviseOnMemory() << "\n";
    }
  }
  HtmlSchedule page;
  page.name = problem.schedule();
  page.subtitle = FirstLine(problem.description());
  page.program = &program;
  page.timelines = {{"", &trace}};
  return WritePictures(flags.pictures, absl::StrCat(page.name, ": ", page.subtitle), {page}, request.transport);
}

}  // namespace

void AddSimulateCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand(
      "simulate", "Predict one schedule: timeline, bubble of each device and its causes, peak memory");
  auto flags = std::make_shared<SimulateFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  AddTransportFlags(*command, flags->transport);
  AddPictureFlags(*command, flags->pictures, /*with_svg=*/true);
  AddFormatFlag(*command, flags->format);
  command->add_option("--columns", flags->columns, "Width of the timeline (that of the terminal; 120 without one)")
      ->check(Between(kLeastColumns, 100000));
  command->add_option("--devices", flags->devices, "Most devices shown, at even distances (32)")
      ->check(Between(1, 4096));
  command->footer(
      R"(Columns: busy: forward, backward and the optimizer. bubble: the idle share of the step. Idle time by cause: fill,
before the first forward; drain, after the last backward; neighbour, until another device had computed the input;
transfer, while the input was on its way; core, while others computed on the cores that they share. held: peak number
of micro-batches whose activations are live, counted as limits are: between backward-input and backward-weight an
activation counts by the part that is still live.
Memory: activations are live from the forward to the backward pass; buffers hold messages.
The critical path is the chain of instructions, each waiting for the one before, that takes the whole step. Other
instructions may take longer without making the step longer.

Examples:
  baton simulate examples/gpt_host.textproto
  baton simulate --stages=4 --micro-batches=8 --forward=2ms --backward-input=2ms --backward-weight=1ms
  baton simulate --stages=64 --micro-batches=256 --schedule=gpipe --columns=160 --devices=64
  baton simulate --stages=4 --micro-batches=8 --schedule=zb-h1 --svg=zb-h1.svg --html=zb-h1.html)");
  command->callback([flags, &action] { action = [flags] { return RunSimulate(*flags); }; });
}

}  // namespace baton
