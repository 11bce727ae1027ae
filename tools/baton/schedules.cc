// `baton schedules`: lists the catalog, or explains one schedule: its formulas beside the simulator's numbers, a
// picture, and when to use it. docs/schedules.md shows its output.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/format.h"
#include "base/status.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/compile/compile.h"
#include "schedules/draw/timeline.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/simulate/simulate.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/compare_table.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

constexpr int kColumns = 120;
constexpr int kPictureColumns = kColumns - 2;  // without "0|"
constexpr int kStages = 4;
constexpr int kMicroBatches = 8;      // for one schedule
constexpr int kFewMicroBatches = 4;   // for the list
constexpr Nanos kUnit = 1000 * 1000;  // ns of F, B and W each, on a device, over all its chunks
constexpr size_t kLabelColumns = 13;  // of the label before a text

constexpr char kLegend[] =
    "A pass begins with its micro-batch's number, if it fits: - forward, = backward or backward-input, ~ "
    "backward-weight.\n";

constexpr char kSymbols[] =
    "p devices, m micro-batches, v chunks on a device; F, B, W: time of forward, backward-input and backward-weight of "
    "a\n"
    "micro-batch on a device, T = F+B+W; c: time of a transfer; memory: micro-batches of a whole device's "
    "activations.\n";

// A schedule at unit costs: F = B = W = 1 on a device; transfers take no time.
struct Sample {
  StepReport report;
  std::string picture;
};

absl::StatusOr<Sample> SimulateSample(const ScheduleInfo& schedule, int num_micro_batches) {
  CompileRequest request;
  request.schedule = std::string(schedule.name);
  request.num_stages = kStages;
  request.num_micro_batches = num_micro_batches;
  request.chunks_per_device = schedule.default_chunks;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = kUnit / schedule.default_chunks;
  request.costs.chunks.assign(kStages * schedule.default_chunks, chunk);
  BATON_ASSIGN_OR_RETURN(const Program program, Compile(request));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, request.costs));
  Sample sample;
  sample.report = Analyze(program, trace);
  TimelineOptions options;
  options.brief = true;
  // Two cells a pass, or one if that is too wide: with a whole number, equal passes look equal.
  const Nanos passes = sample.report.step_time / chunk.forward_ns;
  options.columns = static_cast<int>(2 * passes <= kPictureColumns ? 2 * passes : passes);
  sample.picture = DrawTimeline(program, trace, options);
  return sample;
}

// "label        words", broken at kColumns with the words below each other.
std::string Paragraph(const std::string& label, std::string_view text) {
  std::string lines = label;
  lines.resize(std::max(kLabelColumns, label.size()), ' ');
  size_t column = lines.size();
  bool first = true;
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(std::string(text), ' '))) {
    if (!first && column + 1 + word.size() > kColumns) {
      absl::StrAppend(&lines, "\n", std::string(kLabelColumns, ' '));
      column = kLabelColumns;
      first = true;
    }
    absl::StrAppend(&lines, first ? "" : " ", word);
    column += word.size() + (first ? 0 : 1);
    first = false;
  }
  return lines + "\n";
}

// A duration in units of F = B = W.
std::string InUnits(double nanos) { return FormatCount(nanos / kUnit); }

std::string JsonOf(const std::string& name) {
  proto::ScheduleList list;
  for (const ScheduleInfo* schedule : AllSchedules()) {
    if (!name.empty() && schedule->name != name) continue;
    proto::ScheduleList::Schedule& row = *list.add_schedules();
    row.set_name(std::string(schedule->name));
    row.set_summary(std::string(schedule->summary));
    row.set_when(std::string(schedule->when));
    row.set_source(std::string(schedule->source));
    row.set_takes(std::string(schedule->constraints));
    row.set_bubble(std::string(schedule->bubble));
    row.set_memory(std::string(schedule->memory));
    row.set_default_chunks(schedule->default_chunks);
  }
  return ToJson(list);
}

absl::Status PrintList() {
  for (const ScheduleInfo* schedule : AllSchedules()) {
    BATON_ASSIGN_OR_RETURN(const Sample sample, SimulateSample(*schedule, kFewMicroBatches));
    std::cout << Paragraph(std::string(schedule->name), schedule->summary) << Paragraph("  bubble", schedule->bubble)
              << Paragraph("  memory", schedule->memory) << sample.picture << "\n";
  }
  std::cout << "The pictures: " << kStages << " devices, " << kFewMicroBatches
            << " micro-batches, F = B = W; transfers take no time.\n"
            << kLegend << "\n"
            << kSymbols
            << "\n`baton schedules NAME` explains one; `baton compare` ranks all for a model and its costs.\n";
  return absl::OkStatus();
}

absl::Status PrintOne(const std::string& name) {
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const schedule, FindAnySchedule(name));
  BATON_ASSIGN_OR_RETURN(const Sample sample, SimulateSample(*schedule, kMicroBatches));
  const StepReport& report = sample.report;
  const double step = static_cast<double>(report.step_time);
  const double peak = PeakMicroBatchesOf(report);
  double longest_span = 0;
  for (const DeviceReport& device : report.devices) {
    longest_span = std::max(longest_span, static_cast<double>(device.span));
  }
  std::cout << Paragraph(name, schedule->summary) << Paragraph("  when", schedule->when)
            << Paragraph("  source", schedule->source) << Paragraph("  takes", schedule->constraints) << "\n"
            << sample.picture << "\n";
  std::string sizes = absl::StrCat("p = ", kStages, ", m = ", kMicroBatches);
  if (schedule->default_chunks > 1) absl::StrAppend(&sizes, ", v = ", schedule->default_chunks);
  if (schedule->takes_group) absl::StrAppend(&sizes, ", g = ", kStages);
  std::cout << "Simulated, with " << sizes << ", F = B = W = 1 and c = 0, beside the formula:\n"
            << Paragraph("  step", InUnits(step))
            << Paragraph("  bubble",
                         absl::StrCat(InUnits(report.bubble_ratio * step), " = ", FormatPercent(report.bubble_ratio),
                                      " of the step; ", InUnits(report.span_bubble_ratio * longest_span), " = ",
                                      FormatPercent(report.span_bubble_ratio),
                                      " of the longest span from a device's first work to its last"))
            << Paragraph("", absl::StrCat("formula: ", std::string(schedule->bubble)))
            << Paragraph("  memory", absl::StrCat(FormatCount(peak), peak == 1 ? " micro-batch" : " micro-batches",
                                                  " live on the fullest device"))
            << Paragraph("", absl::StrCat("formula: ", std::string(schedule->memory))) << "\n"
            << kLegend << kSymbols;
  return absl::OkStatus();
}

struct SchedulesFlags {
  std::string name;  // empty: all
  std::string format = "text";
};

absl::Status RunSchedules(const SchedulesFlags& flags) {
  if (!flags.name.empty()) BATON_RETURN_IF_ERROR(CheckSchedule("NAME", flags.name));
  if (flags.format == "json") {
    std::cout << JsonOf(flags.name);
    return absl::OkStatus();
  }
  return flags.name.empty() ? PrintList() : PrintOne(flags.name);
}

}  // namespace

void AddSchedulesCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("schedules", "List the schedules, or explain one with a picture and formulas");
  auto flags = std::make_shared<SchedulesFlags>();
  command->add_option("NAME", flags->name, "A schedule (all)");
  AddFormatFlag(*command, flags->format);
  command->footer(R"(Examples:
  baton schedules
  baton schedules zb-v

Other sizes and costs: baton simulate --schedule=zb-v --stages=8 --micro-batches=32; all side by side: baton compare.)");
  command->callback([flags, &action] { action = [flags] { return RunSchedules(*flags); }; });
}

}  // namespace baton
