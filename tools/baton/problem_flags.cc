#include "tools/baton/problem_flags.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/duration.h"
#include "base/read_file.h"
#include "base/status.h"
#include "schedules/costs/costs_csv.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/command_line.h"

namespace baton {
namespace {

void AddSizeFlags(CLI::App& command, ProblemFlags& flags) {
  command.add_option("JOB", flags.job, "Job file (protobuf text); without one, the flags below describe the pipeline");
  command
      .add_option("--set", flags.overrides, "Override a field of the job, as pipeline.schedule=gpipe; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command.add_option("--stages", flags.stages, "Width of the pipeline, in devices (the job's)")
      ->check(Between(1, 4096));
  command.add_option("--micro-batches", flags.micro_batches, "Micro-batches of one step (the job's)")
      ->check(Between(1, kMostMicroBatches));
  command
      .add_option("--chunks", flags.chunks, "Chunks of layers on each device (the job's, or the schedule's default)")
      ->check(Between(1, 1024));
  command
      .add_option("--group", flags.micro_batch_group,
                  "Schedule interleaved: micro-batches that a device passes through one chunk before it\n"
                  "turns to the next (the job's, or stages)")
      ->check(Between(1, kMostMicroBatches));
}

void AddReplicaFlags(CLI::App& command, ProblemFlags& flags) {
  command
      .add_option("--replicas", flags.replicas,
                  "Copies of the pipeline, which share the micro-batches (the job's, or 1)")
      ->check(Between(1, 1024));
}

void AddCoresFlag(CLI::App& command, ProblemFlags& flags) {
  command
      .add_option("--cores", flags.cores,
                  "Cores that all devices share, as devices.cores of a job (the job's; without JOB a core for\n"
                  "each device)")
      ->check(Between(1, 1024));
}

void AddScheduleFlags(CLI::App& command, ProblemFlags& flags) {
  command.add_option("--schedule", flags.schedule, "A schedule that `baton compare` lists (the job's, or 1f1b)");
  command
      .add_option("--order", flags.order,
                  "Your own compute order instead of a schedule, in PyTorch's CSV form; see baton verify")
      ->type_name("FILE");
}

void AddCostFlags(CLI::App& command, ProblemFlags& flags) {
  command
      .add_option("--costs", flags.costs,
                  "Table of each chunk's costs, as baton profile writes it, instead of measuring the layers\n"
                  "of JOB or of the flags below. Columns: chunk, forward_us, backward_input_us,\n"
                  "backward_weight_us, transfer_us; optional: activation_bytes (live from forward to\n"
                  "backward-input), weight_activation_bytes (the part that stays live until\n"
                  "backward-weight), recompute_us (time to recompute them before the backward pass) and\n"
                  "step_us (the optimizer's update)")
      ->type_name("FILE");
  AddRatesTableFlag(command, flags.rates_table);
  const std::string group = "Costs of one micro-batch on all layers of one device (without JOB)";
  const auto add_time = [&](const char* name, std::string& time, const char* help) {
    command.add_option(name, time, help)->group(group)->type_name("TIME");
  };
  add_time("--forward", flags.forward, "Forward pass (1ms)");
  add_time("--backward-input", flags.backward_input, "Backward pass, gradients of the input (1ms)");
  add_time("--backward-weight", flags.backward_weight, "Backward pass, gradients of the weights (1ms)");
  add_time("--transfer", flags.transfer, "Latency between neighbours (0)");
  add_time("--recompute", flags.recompute,
           "Recompute the activations before the backward pass, in this time (keep them instead)");
  AddLinkFlags(command, flags.links, group);
  const CLI::Validator bytes = Between(0, Bytes{1} << 46);
  command
      .add_option("--activation-bytes", flags.activation_bytes,
                  "Activations live on a device per micro-batch, from forward to backward (0)")
      ->group(group)
      ->check(bytes);
  command.add_option("--message-bytes", flags.message_bytes, "Size of an activation sent between neighbours (0)")
      ->group(group)
      ->check(bytes);
}

}  // namespace

void AddProblemFlags(CLI::App& command, ProblemFlags& flags, bool with_schedule) {
  flags.with_schedule = with_schedule;
  AddSizeFlags(command, flags);
  AddReplicaFlags(command, flags);
  AddCoresFlag(command, flags);
  if (with_schedule) AddScheduleFlags(command, flags);
  AddCostFlags(command, flags);
  AddSearchFlags(command, flags.search);
}

void AddRatesTableFlag(CLI::App& command, std::string& path) {
  command
      .add_option("--rates-table", path,
                  "Kernels measured on the GPU of JOB, as tools/gpu_check writes them: their times\n"
                  "replace those that devices.device or devices.rates give")
      ->type_name("FILE");
}

absl::StatusOr<CostModel> ReadCostsFile(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("costs file", path, kMaxCostsCsvBytes + 1));
  return ReadCostsCsv(text, NameOfFile(path));
}

absl::Status CheckSchedule(const std::string& flag, const std::string& name) {
  const absl::Status status = FindAnySchedule(name).status();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrReplaceAll(status.message(), {{"pipeline.schedule", flag}}));
}

absl::StatusOr<Nanos> ParseDurationFlag(const std::string& flag, const std::string& text) {
  if (const std::optional<Nanos> duration = ParseDuration(text)) return *duration;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": \"", text, "\" is not ", kDurationAllowed));
}

}  // namespace baton
