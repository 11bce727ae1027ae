// `baton profile`: times the chunks of a job on this machine; other commands read its table by --costs.
#include "runtime/planning/profile.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/progress_line.h"
#include "base/status.h"
#include "base/text_table.h"
#include "base/write_file.h"
#include "runtime/job/load.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/plan_job.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/costs/costs_csv.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

struct ProfileFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::string output;
  int repeats = 11;
  std::string format = "text";
};

void PrintTable(const JobPlan& plan, const CostModel& costs) {
  TextTable table(
      {"chunk", "layers", "forward", "backward-input", "backward-weight", "recompute", "update", "transfer"},
      {true, true, true, true, true, true, true, true});
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const ChunkCosts& chunk = costs.chunks[i];
    const bool is_last = i + 1 == costs.chunks.size();
    table.AddRow({absl::StrCat(i), absl::StrCat(plan.split[i].size()), FormatDuration(chunk.forward_ns),
                  FormatDuration(chunk.backward_input_ns), FormatDuration(chunk.backward_weight_ns),
                  chunk.can_recompute ? FormatDuration(chunk.recompute_ns) : "-", FormatDuration(chunk.update_ns),
                  is_last ? "-" : FormatDuration(costs.link_ns[i])});
  }
  std::cout << table.ToString();
}

std::string JsonOf(const JobPlan& plan, const CostModel& costs) {
  proto::ProfileReport report;
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const ChunkCosts& times = costs.chunks[i];
    proto::ProfileReport::Chunk& chunk = *report.add_chunks();
    chunk.set_layers(plan.split[i].size());
    chunk.set_forward_us(Micros(times.forward_ns));
    chunk.set_backward_input_us(Micros(times.backward_input_ns));
    chunk.set_backward_weight_us(Micros(times.backward_weight_ns));
    if (times.can_recompute) chunk.set_recompute_us(Micros(times.recompute_ns));
    chunk.set_update_us(Micros(times.update_ns));
    if (i + 1 < costs.chunks.size()) chunk.set_transfer_us(Micros(costs.link_ns[i]));
  }
  return ToJson(report);
}

absl::Status RunProfile(const ProfileFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadJob(flags.job, flags.overrides));
  if (!flags.output.empty()) {
    // Checked before time is spent.
    if (const absl::Status writable = WriteFile(flags.output, ""); !writable.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", writable.message()));
    }
  }
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, MakeBackend(job.devices()));
  BATON_ASSIGN_OR_RETURN(const JobPlan plan, PlanJob(*backend, job));
  BATON_ASSIGN_OR_RETURN(const JobDevices devices, MakeDevices(job.devices(), 2));
  const std::vector<Device*> pointers = devices.Pointers();
  ProfileOptions options = {backend.get(), pointers, devices.transport.get(), flags.repeats};
  const bool is_text = flags.format == "text";
  if (is_text) {
    std::cout << Printable(job.name()) << ": one micro-batch, median of " << FormatPlural(flags.repeats, "run")
              << " after a warm-up run\n\n"
              << std::flush;
  }
  ProgressLine line("measuring", ProgressLine::OnStderr());
  options.progress = [&line](double share, const std::string& part) { line.Show(share, part); };
  MeasuredSpread spread;
  BATON_ASSIGN_OR_RETURN(const CostModel costs, ProfileChunks(options, plan.table, plan.split, &spread));
  line.Clear();
  if (is_text) {
    PrintTable(plan, costs);
    std::cout << "\nforward and backward of all chunks: " << DescribeSpread(spread, flags.repeats, "chunk") << "\n";
    if (const std::string note = NoteOnOtherWork(spread); !note.empty()) std::cout << note << "\n";
  } else {
    std::cout << JsonOf(plan, costs);
  }
  if (flags.output.empty()) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(WriteFile(flags.output, PrintCostsCsv(costs)));
  if (is_text)
    std::cout << "\nwritten to " << Printable(flags.output)
              << "; other commands read it by --costs=" << Printable(flags.output) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddProfileCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("profile", "Time each chunk of a job on this machine");
  auto flags = std::make_shared<ProfileFlags>();
  command->add_option("JOB", flags->job, "Job file (protobuf text)")->required();
  command->add_option("-o,--output", flags->output, "Also write the table as CSV, for --costs of other commands")
      ->type_name("FILE");
  command->add_option("--repeats", flags->repeats, "Runs of each part; the median is reported (11)")
      ->check(Between(1, 10000));
  AddFormatFlag(*command, flags->format);
  command->add_option("--set", flags->overrides, "Override a field, as pipeline.stages=2; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command->footer(R"(Each chunk runs as a whole, alone on the machine; of equal chunks the first one alone runs. Timed
are its forward pass, both halves of its backward pass, recomputation, the optimizer's update, and copying its output.

Examples:
  baton profile examples/gpt_host.textproto -o costs.csv
  baton simulate examples/gpt_host.textproto --costs=costs.csv)");
  command->callback([flags, &action] { action = [flags] { return RunProfile(*flags); }; });
}

}  // namespace baton
