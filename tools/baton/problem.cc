// The problem of flags, and the requests that compile either; that of a job: problem_of_job.cc.
#include "tools/baton/problem.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/read_file.h"
#include "base/status.h"
#include "runtime/job/order_file.h"
#include "schedules/costs/costs_csv.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/command_line.h"

namespace baton {
namespace {

// Forwards of a step, over all chunks: a program of that many takes seconds and at most a few GiB.
constexpr int64_t kMostForwards = 1 << 20;

absl::Status CheckSize(const CompileRequest& request) {
  const int64_t forwards = int64_t{request.num_stages} * request.chunks_per_device * request.num_micro_batches;
  if (forwards <= kMostForwards) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "batch.micro_batches: ", request.num_micro_batches, " times pipeline.stages ", request.num_stages,
      " times pipeline.chunks_per_device ", request.chunks_per_device, " must be at most ", kMostForwards));
}

}  // namespace

absl::Status CheckSchedule(const std::string& flag, const std::string& name) {
  const absl::Status status = FindAnySchedule(name).status();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrReplaceAll(status.message(), {{"pipeline.schedule", flag}}));
}

absl::StatusOr<CostModel> ReadCostsFile(const std::string& path) {
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile("costs file", path, kMaxCostsCsvBytes + 1));
  return ReadCostsCsv(text, path);
}

absl::StatusOr<Nanos> ParseDurationFlag(const std::string& flag, const std::string& text) {
  if (const std::optional<Nanos> duration = ParseDuration(text)) return *duration;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": \"", text, "\" is not ", kDurationAllowed));
}

void AddProblemFlags(CLI::App& command, ProblemFlags& flags, bool with_schedule) {
  flags.with_schedule = with_schedule;
  command.add_option("JOB", flags.job, "Job file (protobuf text); without one, the flags below describe the pipeline");
  command
      .add_option("--set", flags.overrides, "Override a field of the job, as pipeline.schedule=gpipe; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command.add_option("--stages", flags.stages, "Width of the pipeline: devices (the job's)")->check(Between(1, 4096));
  command.add_option("--micro-batches", flags.micro_batches, "Micro-batches in one step (the job's)")
      ->check(Between(1, kMostForwards));
  command.add_option("--chunks", flags.chunks, "Chunks of layers on each device (the job's, or the schedule's own)")
      ->check(Between(1, 1024));
  command
      .add_option("--group", flags.micro_batch_group,
                  "Of interleaved: micro-batches between turns of a chunk (the job's, or stages)")
      ->check(Between(1, kMostForwards));
  if (with_schedule) {
    command.add_option("--schedule", flags.schedule, "A schedule that `baton compare` lists (the job's, or 1f1b)");
    command.add_option("--order", flags.order, "An own order instead, in PyTorch's CSV form; see baton verify")
        ->type_name("FILE");
  }
  command
      .add_option("--costs", flags.costs,
                  "A table of each chunk's costs, as baton profile writes it, in place of measuring the\n"
                  "layers of JOB or of the flags below; columns: chunk, forward_us, backward_input_us,\n"
                  "backward_weight_us, transfer_us, optional: activation_bytes (held from forward to\n"
                  "backward-input), weight_activation_bytes (of these, held until backward-weight),\n"
                  "recompute_us (makes these again before the backward) and step_us (the optimizer)")
      ->type_name("FILE");
  const std::string group = "Times of one micro-batch on one device's whole share of the layers (without JOB)";
  command.add_option("--forward", flags.forward, "Forward (1ms)")->group(group)->type_name("TIME");
  command.add_option("--backward-input", flags.backward_input, "Backward, gradients of the input (1ms)")
      ->group(group)
      ->type_name("TIME");
  command.add_option("--backward-weight", flags.backward_weight, "Backward, gradients of the weights (1ms)")
      ->group(group)
      ->type_name("TIME");
  command.add_option("--transfer", flags.transfer, "Latency between neighbours (0)")->group(group)->type_name("TIME");
  command
      .add_option("--recompute", flags.recompute, "Make what is held again before the backward, in this time (hold it)")
      ->group(group)
      ->type_name("TIME");
  AddLinkFlags(command, flags.links, group);
  const CLI::Validator bytes = Between(0, Bytes{1} << 46);
  command
      .add_option("--activation-bytes", flags.activation_bytes,
                  "Held on a device for one micro-batch from forward to backward (0)")
      ->group(group)
      ->check(bytes);
  command.add_option("--message-bytes", flags.message_bytes, "Size of an activation between neighbours (0)")
      ->group(group)
      ->check(bytes);
  AddSearchFlags(command, flags.search);
}

absl::StatusOr<Problem> Problem::Create(const ProblemFlags& flags, const Problem* measured) {
  Problem problem;
  BATON_RETURN_IF_ERROR(flags.job.empty() ? problem.FromFlags(flags) : problem.FromJob(flags, measured));
  problem.placement_given_ =
      !flags.search.placement.empty() || (problem.job_ && problem.job_->pipeline().search().has_placement());
  if (flags.search.seconds || flags.search.moves) problem.search_.progress = ShowProgress();
  return problem;
}

absl::Status Problem::FromFlags(const ProblemFlags& flags) {
  if (!flags.order.empty()) {
    if (!flags.schedule.empty() && flags.schedule != "csv") {
      return absl::InvalidArgumentError(absl::StrCat("--order: goes with --schedule=csv, not with ", flags.schedule));
    }
    BATON_ASSIGN_OR_RETURN(CsvOrder csv, ReadOrderFile(flags.order));
    order_ = std::make_shared<const ComputeOrder>(std::move(csv.order));
  } else if (flags.schedule == "csv") {
    return absl::InvalidArgumentError("--schedule: csv needs --order=FILE");
  }
  if (!flags.costs.empty()) {
    BATON_RETURN_IF_ERROR(ReadCosts(flags));
    BATON_RETURN_IF_ERROR(StagesOfCosts(flags));
  }
  if (order_ == nullptr && ((!flags.stages && !file_costs_) || !flags.micro_batches)) {
    return absl::InvalidArgumentError(
        "give a job file, or --stages and --micro-batches (and --forward, --backward-input, --backward-weight, "
        "--transfer, or --costs)");
  }
  if (!flags.overrides.empty()) return absl::InvalidArgumentError("--set: needs a job file to change");
  auto duration = [](const char* flag, const std::string& text, Nanos otherwise) -> absl::StatusOr<Nanos> {
    if (text.empty()) return otherwise;
    return ParseDurationFlag(flag, text);
  };
  constexpr Nanos kDefault = 1000 * 1000;
  BATON_ASSIGN_OR_RETURN(stage_costs_.forward_ns, duration("forward", flags.forward, kDefault));
  BATON_ASSIGN_OR_RETURN(stage_costs_.backward_input_ns, duration("backward-input", flags.backward_input, kDefault));
  BATON_ASSIGN_OR_RETURN(stage_costs_.backward_weight_ns, duration("backward-weight", flags.backward_weight, kDefault));
  BATON_ASSIGN_OR_RETURN(transfer_costs_.transfer_ns, duration("transfer", flags.transfer, 0));
  BATON_RETURN_IF_ERROR(CheckSearchFlags(flags));
  search_ = ToSearchOptions(flags.search);
  BATON_ASSIGN_OR_RETURN(stage_costs_.recompute_ns, duration("recompute", flags.recompute, 0));
  BATON_RETURN_IF_ERROR(ApplyLinkFlags(flags.links, transfer_costs_));
  const Bytes activation_bytes = flags.activation_bytes.value_or(0);
  const Bytes weight_bytes =
      std::llround(flags.search.weight_fraction.value_or(1) * static_cast<double>(activation_bytes));
  // What is made again need not be held.
  stage_costs_.can_recompute = !flags.recompute.empty();
  (stage_costs_.can_recompute ? stage_costs_.recomputed_weight_bytes : stage_costs_.saved_weight_bytes) = weight_bytes;
  (stage_costs_.can_recompute ? stage_costs_.recomputed_bytes : stage_costs_.saved_bytes) =
      activation_bytes - weight_bytes;
  stage_costs_.input_bytes = stage_costs_.output_bytes = flags.message_bytes.value_or(0);
  // What is not given is the order's.
  const bool has_order = order_ != nullptr;
  stages_ = flags.stages.value_or(has_order ? order_->num_devices() : stages_);
  micro_batches_ = flags.micro_batches.value_or(has_order ? order_->num_micro_batches : 1);
  chunks_ = flags.chunks.value_or(has_order ? std::max(1, order_->num_chunks / std::max(1, stages_)) : 0);
  group_ = flags.micro_batch_group.value_or(0);
  // Compile says the rest; here it is about not making tables of a size that cannot be right.
  if (has_order && int64_t{stages_} * chunks_ != order_->num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat("--order: the file has ", order_->num_chunks,
                                                   " stages (chunks), but --stages and --chunks make ", stages_, " × ",
                                                   chunks_));
  }
  schedule_ = has_order ? "csv" : flags.schedule.empty() ? "1f1b" : flags.schedule;
  if (!has_order) BATON_RETURN_IF_ERROR(CheckSchedule("--schedule", schedule_));
  description_ = absl::StrCat(stages_, stages_ == 1 ? " stage, " : " stages, ", micro_batches_,
                              micro_batches_ == 1 ? " micro-batch" : " micro-batches",
                              chunks_ < 2 ? "" : absl::StrCat(", ", chunks_, " chunks on each device"));
  if (file_costs_) {
    absl::StrAppend(&description_, "\n", file_costs_->chunks.size(), " chunks as in ", flags.costs);
    return absl::OkStatus();
  }
  description_ = absl::StrCat(
      description_, "\na stage takes ", FormatDuration(stage_costs_.forward_ns), " forward, ",
      FormatDuration(stage_costs_.backward_input_ns), " + ", FormatDuration(stage_costs_.backward_weight_ns),
      " backward (input + weight)",
      stage_costs_.can_recompute ? absl::StrCat(", ", FormatDuration(stage_costs_.recompute_ns), " recomputing") : "",
      "; a transfer ", FormatDuration(transfer_costs_.transfer_ns), DescribeLinks(transfer_costs_));
  return absl::OkStatus();
}

absl::Status Problem::CheckSearchFlags(const ProblemFlags& flags) const {
  const std::string of_searches = FirstOfSearches(flags.search);
  if (!of_searches.empty() && flags.with_schedule) {
    const std::string name = order_ != nullptr ? "csv" : flags.schedule.empty() ? "1f1b" : flags.schedule;
    const auto info = FindAnySchedule(name);
    if (name == "csv" || (info.ok() && !IsSearched(**info))) {
      return absl::InvalidArgumentError(absl::StrCat(of_searches, ": goes with --schedule=zb-auto, not with ", name));
    }
  }
  if (!flags.search.weight_fraction || !file_costs_) return absl::OkStatus();
  const auto has_bytes = [](const ChunkCosts& chunk) { return chunk.saved_bytes + chunk.saved_weight_bytes > 0; };
  if (std::none_of(file_costs_->chunks.begin(), file_costs_->chunks.end(), has_bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--weight-activation-fraction: --costs says it for each chunk; leave one of them out");
}

absl::Status Problem::ReadCosts(const ProblemFlags& flags) {
  const std::pair<const char*, bool> replaced[] = {{"forward", !flags.forward.empty()},
                                                   {"backward-input", !flags.backward_input.empty()},
                                                   {"backward-weight", !flags.backward_weight.empty()},
                                                   {"transfer", !flags.transfer.empty()},
                                                   {"recompute", !flags.recompute.empty()},
                                                   {"activation-bytes", flags.activation_bytes.has_value()}};
  for (const auto& [flag, given] : replaced) {
    if (given) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": --costs says it for each chunk; leave one of them out"));
    }
  }
  BATON_ASSIGN_OR_RETURN(file_costs_, ReadCostsFile(flags.costs));
  return absl::OkStatus();
}

absl::Status Problem::StagesOfCosts(const ProblemFlags& flags) {
  if (flags.stages) return absl::OkStatus();
  // Which schedule is meant says how many chunks share a device; without one, none do.
  int chunks = flags.chunks.value_or(1);
  if (!flags.chunks && !flags.schedule.empty()) {
    if (const auto info = FindAnySchedule(flags.schedule); info.ok()) {
      chunks = flags.search.placement == "v" && IsSearched(**info) ? 2 : (*info)->default_chunks;
    }
  }
  const int rows = static_cast<int>(file_costs_->chunks.size());
  if (rows % chunks != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--costs: ", rows, " chunks; ", chunks,
                                                   " on each device must divide them; give --stages or --chunks"));
  }
  stages_ = rows / chunks;
  return absl::OkStatus();
}

absl::StatusOr<CostModel> Problem::CostsOfFile(const CompileRequest& request) const {
  const int rows = static_cast<int>(file_costs_->chunks.size());
  const int num_chunks = request.num_stages * request.chunks_per_device;
  if (rows % num_chunks != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--costs: ", rows, " chunks; ", request.num_stages, " stages of ",
                                                   request.chunks_per_device,
                                                   request.chunks_per_device == 1 ? " chunk" : " chunks", " need ",
                                                   num_chunks, ", or a multiple, whose neighbours are joined"));
  }
  CostModel costs = MergeChunks(*file_costs_, num_chunks);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.saved_bytes = AlignUp(chunk.saved_bytes);
    chunk.saved_weight_bytes = AlignUp(chunk.saved_weight_bytes);
    chunk.recomputed_bytes = AlignUp(chunk.recomputed_bytes);
    chunk.recomputed_weight_bytes = AlignUp(chunk.recomputed_weight_bytes);
    chunk.input_bytes = chunk.output_bytes = AlignUp(stage_costs_.input_bytes);
  }
  costs.chunks.back().output_bytes = 0;
  return costs;
}

int Problem::OwnChunks(const ScheduleInfo& info) const {
  return IsSearched(info) && search_.placement == Placement::kV ? 2 : info.default_chunks;
}

absl::Status Problem::InUsersWords(const absl::Status& status) const {
  if (status.ok() || job_) return status;
  return absl::Status(
      status.code(),
      absl::StrReplaceAll(status.message(),
                          {{"pipeline.stages", "--stages"},
                           {"pipeline.chunks_per_device", "--chunks"},
                           {"pipeline.micro_batch_group", "--group"},
                           {"batch.micro_batches", "--micro-batches"},
                           {"pipeline.schedule", "--schedule"},
                           {"pipeline.order", "--order"},
                           {"pipeline.recompute", "--recompute"},
                           {"pipeline.search.placement V", "--placement=v"},
                           {"pipeline.search.activation_limit_micro_batches", "--activation-limit-micro-batches"},
                           {"pipeline.search.activation_limit_bytes", "--activation-limit-bytes"},
                           {"pipeline.search.weight_activation_fraction", "--weight-activation-fraction"}}));
}

std::vector<Placement> Problem::PlacementsToTry() const {
  if (placement_given_ || chunks_ != 0) return {search_.placement};
  return {Placement::kLoop, Placement::kV};
}

absl::StatusOr<CompileRequest> Problem::RequestFor(const std::string& schedule, bool bend) const {
  CompileRequest request;
  request.schedule = schedule;
  request.num_stages = stages_;
  request.num_micro_batches = micro_batches_;
  if (schedule == "csv") {
    request.order = order_;
    request.chunks_per_device = chunks_;
  } else {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
    const bool own_chunks = chunks_ == 0 || (bend && !info->takes_chunks);
    request.chunks_per_device = own_chunks ? OwnChunks(*info) : chunks_;
    request.micro_batch_group = bend && !info->takes_group ? 0 : group_;
  }
  request.search = search_;
  request.costs = transfer_costs_;
  BATON_RETURN_IF_ERROR(InUsersWords(CheckSize(request)));
  const int num_chunks = stages_ * request.chunks_per_device;
  if (file_costs_ && !job_) {
    BATON_ASSIGN_OR_RETURN(request.costs, CostsOfFile(request));
    return request;
  }
  if (!job_) {
    ChunkCosts chunk = stage_costs_;
    chunk.forward_ns /= request.chunks_per_device;
    chunk.backward_input_ns /= request.chunks_per_device;
    chunk.backward_weight_ns /= request.chunks_per_device;
    chunk.recompute_ns /= request.chunks_per_device;
    chunk.saved_bytes = AlignUp(chunk.saved_bytes / request.chunks_per_device);
    chunk.saved_weight_bytes = AlignUp(chunk.saved_weight_bytes / request.chunks_per_device);
    chunk.recomputed_weight_bytes = AlignUp(chunk.recomputed_weight_bytes / request.chunks_per_device);
    chunk.input_bytes = chunk.output_bytes = AlignUp(chunk.input_bytes);
    request.costs.chunks.assign(num_chunks, chunk);
    request.costs.chunks.back().output_bytes = 0;
    return request;
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<LayerRange> split, SplitInto(num_chunks));
  BATON_ASSIGN_OR_RETURN(const ParameterTable parameters, ParametersOfSplit(table_, split));
  request.costs.chunks =
      SumChunks(table_.costs, split, table_.model.input_shape.NumBytes(), table_.model.targets_shape.NumBytes());
  if (file_costs_) {
    // Transfers go by links where the job has any.
    BATON_RETURN_IF_ERROR(UseTable(*file_costs_, request.costs));
    ApplyLinks(job_->devices(), request.costs);
  }
  request.reduce_groups = ReduceGroupsOf(parameters);
  return request;
}

}  // namespace baton
