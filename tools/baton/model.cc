// `baton model`: the layers of a job's model, what each costs, and where it is.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/status.h"
#include "base/text_table.h"
#include "runtime/inference/trained_job.h"
#include "runtime/job/load.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/job_programs.h"
#include "runtime/planning/plan_job.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/costs/costs_csv.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/kernel_report.h"
#include "tools/baton/problem_flags.h"

namespace baton {
namespace {

struct ModelFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::string costs;
  std::string rates_table;
  std::string format = "text";
  bool kernels = false;
};

void AddShape(const Shape& shape, google::protobuf::RepeatedField<double>* extents) {
  for (const int64_t extent : shape.extents()) extents->Add(static_cast<double>(extent));
}

// The times of a layer.
struct LayerTimes {
  Nanos forward = 0;
  Nanos backward = 0;
};

// [layer] Those of a table with a chunk for each layer, or else by the job's rates. Empty if there is neither.
std::vector<LayerTimes> TimesOf(const proto::Job& job, const JobPlan& plan, const std::optional<CostModel>& measured) {
  std::vector<LayerTimes> times;
  if (measured.has_value()) {
    for (const ChunkCosts& costs : measured->chunks) times.push_back({costs.forward_ns, costs.backward_ns()});
  } else if (job.devices().has_rates()) {
    for (const LayerCosts& costs : plan.table.costs) {
      times.push_back({costs.forward_ns, costs.backward_input_ns + costs.backward_weight_ns - costs.repeated_ns});
    }
  }
  return times;
}

// Fills the rows of all layers. `times`: as of TimesOf.
proto::ModelReport ReportOf(const proto::Job& job, const JobPlan& plan, const ChunkPlacement& placement,
                            const std::vector<LayerTimes>& times) {
  proto::ModelReport report;
  report.set_model(plan.table.model.name);
  report.set_sequences(job.batch().sequences() / job.batch().micro_batches());
  for (size_t chunk = 0; chunk < plan.split.size(); ++chunk) {
    for (int index = plan.split[chunk].begin; index < plan.split[chunk].end; ++index) {
      const LayerCosts& costs = plan.table.costs[index];
      proto::ModelReport::Layer& layer = *report.add_layers();
      layer.set_name(costs.name);
      AddShape(index == 0 ? plan.table.model.input_shape : plan.table.outputs[index - 1], layer.mutable_input());
      AddShape(plan.table.outputs[index], layer.mutable_output());
      double parameters = 0;
      for (const ParameterSpec& parameter : plan.table.parameters[index]) parameters += parameter.shape.NumElements();
      layer.set_parameters(parameters);
      layer.set_forward_flops(costs.forward_flops);
      layer.set_backward_flops(costs.backward_flops);
      layer.set_saved_bytes(costs.saved_bytes + costs.saved_weight_bytes + costs.keep_input_saved_bytes +
                            costs.keep_input_saved_weight_bytes);
      layer.set_chunk(chunk);
      for (const int32_t entry : placement.EntriesOf(static_cast<int>(chunk))) {
        layer.add_devices(placement.replicas()[entry].device);
      }
      if (times.empty()) continue;
      layer.set_forward_us(Micros(times[index].forward));
      layer.set_backward_us(Micros(times[index].backward));
    }
  }
  for (const ParameterSpec& parameter : plan.layout.parameters()) {
    report.set_parameters(report.parameters() + parameter.shape.NumElements());
  }
  for (const proto::ModelReport::Layer& layer : report.layers()) {
    report.set_forward_flops(report.forward_flops() + layer.forward_flops());
    report.set_backward_flops(report.backward_flops() + layer.backward_flops());
    report.set_saved_bytes(report.saved_bytes() + layer.saved_bytes());
  }
  return report;
}

// As "1.24 G": three digits and a unit of 1000.
std::string Short(double number) {
  const char* const units[] = {"", " k", " M", " G", " T", " P", " E"};
  size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < std::size(units); ++unit) number /= 1000;
  const int decimals = unit == 0 || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return absl::StrFormat("%.*f%s", decimals, number, units[unit]);
}

// As "2 × 128 × 64"; a loss has no extents.
std::string ShapeOf(const google::protobuf::RepeatedField<double>& extents) {
  return extents.empty() ? "loss" : absl::StrJoin(extents, " × ");
}

// As "the A100", or "the job".
std::string RatesName(const proto::Devices& devices) {
  return devices.device().empty() ? "the job" : absl::StrCat("the ", devices.device());
}

// `from_rates`: whether times are estimates.
void Print(const proto::Job& job, const proto::ModelReport& report, bool from_rates) {
  const bool timed = report.layers_size() > 0 && report.layers(0).has_forward_us();
  std::cout << Printable(job.name()) << ": " << report.model() << ", " << FormatPlural(report.layers_size(), "layer")
            << "; numbers are of one micro-batch of "
            << FormatPlural(static_cast<int64_t>(report.sequences()),
                            report.layers(0).input_size() == 2 ? "sequence" : "example")
            << "\n\n";
  std::vector<std::string> header = {"layer",    "output", "parameters", "forward",
                                     "backward", "saved",  "chunk",      "device"};
  std::vector<bool> right = {false, false, true, true, true, true, true, false};
  if (timed) {
    header.insert(header.end(), {"forward", "backward"});
    right.insert(right.end(), {true, true});
  }
  TextTable table(header, right);
  for (const proto::ModelReport::Layer& layer : report.layers()) {
    std::vector<std::string> row = {layer.name(),
                                    ShapeOf(layer.output()),
                                    Short(layer.parameters()),
                                    Short(layer.forward_flops()) + "FLOP",
                                    Short(layer.backward_flops()) + "FLOP",
                                    FormatBytes(static_cast<Bytes>(layer.saved_bytes())),
                                    absl::StrCat(layer.chunk()),
                                    absl::StrJoin(layer.devices(), ", ")};
    if (timed) {
      row.push_back(FormatDuration(static_cast<Nanos>(layer.forward_us() * 1e3)));
      row.push_back(FormatDuration(static_cast<Nanos>(layer.backward_us() * 1e3)));
    }
    table.AddRow(std::move(row));
  }
  table.AddRow({"total", "", Short(report.parameters()), Short(report.forward_flops()) + "FLOP",
                Short(report.backward_flops()) + "FLOP", FormatBytes(static_cast<Bytes>(report.saved_bytes()))});
  std::cout << table.ToString();
  if (timed && from_rates) {
    std::cout << "\nTimes are estimated from the rates of " << RatesName(job.devices()) << ".\n";
  }
  if (job.parallel().tensor() > 1) {
    std::cout << "\nEach layer is computed by " << job.parallel().tensor()
              << " devices together; the table has the part of one of them.\n";
  }
  double uses = 0;
  for (const proto::ModelReport::Layer& layer : report.layers()) uses += layer.parameters();
  if (uses > report.parameters()) {
    std::cout << "\nThe total counts a parameter once that several layers use.\n";
  }
}

// The job of a file, or of a folder with a trained model.
absl::StatusOr<proto::Job> JobOf(const ModelFlags& flags) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(flags.job, ignored)) return LoadJob(flags.job, flags.overrides);
  return LoadTrainedJob(flags.job, ModelUse::kDescribe, flags.overrides,
                        [](const std::string& line) { std::cerr << "baton: " << PrintableLines(line) << "\n"; });
}

absl::Status RunModel(const ModelFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, JobOf(flags));
  std::optional<CostModel> costs;
  if (!flags.costs.empty()) {
    BATON_ASSIGN_OR_RETURN(costs, ReadCostsFile(flags.costs));
  }
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, MakePlanningBackend(job.devices()));
  BATON_ASSIGN_OR_RETURN(JobPlan plan, PlanJob(*backend, job));
  std::shared_ptr<const MeasuredKernels> measured;
  if (!flags.rates_table.empty()) {
    if (job.devices().rates().multiprocessors() == 0) return absl::InvalidArgumentError(kRatesTableNeedsRates);
    BATON_ASSIGN_OR_RETURN(measured, ReadRatesTable(flags.rates_table));
    BATON_RETURN_IF_ERROR(TimeByJob(*backend, job, plan.table, measured));
  }
  if (costs.has_value() && costs->chunks.size() != plan.table.costs.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--costs: ", costs->chunks.size(), " chunks; the model has ", plan.table.costs.size(),
                     " layers, and a table must have a chunk for each, as baton profile --set pipeline.stages=",
                     plan.table.costs.size(), " gives"));
  }
  // The placement is that of the training program, found without a search.
  BATON_ASSIGN_OR_RETURN(const Program program, CompileEvaluation(plan.request));
  proto::ModelReport report = ReportOf(job, plan, program.placement, TimesOf(job, plan, costs));
  std::vector<KernelRow> rows;
  if (flags.kernels) {
    BATON_ASSIGN_OR_RETURN(rows, KernelTable(*backend, plan.table.model, plan.table.costs, RatesOfJob(job, measured)));
    AddKernels(rows, *report.mutable_kernels());
  }
  if (flags.format == "text") {
    Print(job, report, /*from_rates=*/!costs.has_value());
    if (flags.kernels) PrintKernels(job, rows, measured.get());
  } else {
    std::cout << ToJson(report);
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("model", "Show the layers of a job: shapes, parameters, FLOPs, memory, devices");
  auto flags = std::make_shared<ModelFlags>();
  command->add_option("JOB", flags->job, "Job file (protobuf text), or a folder with a trained model")->required();
  command->add_option("--costs", flags->costs, "Table of baton profile with a chunk for each layer (the job's rates)")
      ->type_name("FILE");
  AddRatesTableFlag(*command, flags->rates_table);
  command->add_flag("--kernels", flags->kernels, "Also list the kernels of the job's GPU with their estimated times");
  command->add_option("--set", flags->overrides, "Override a field, as pipeline.stages=2; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(FLOPs count a multiplication and an addition as two. `saved` is what a layer keeps for its backward pass, its input
included. The units of a split are layers; a chunk is a run of them.

Examples:
  baton model examples/gpt_host.textproto
  baton model examples/gpt_host.textproto --set pipeline.stages=8 --format=json
  baton model examples/gpt_host.textproto --set devices.device=A100
  baton model examples/gpt2_124m.textproto --set devices.device=H100 --kernels)");
  command->callback([flags, &action] { action = [flags] { return RunModel(*flags); }; });
}

}  // namespace baton
