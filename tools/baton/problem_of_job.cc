// The pipeline of a job: its layers, measured or estimated, its memory and its splits.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/progress_line.h"
#include "base/status.h"
#include "runtime/job/load.h"
#include "runtime/job/order_file.h"
#include "runtime/job/resolve.h"
#include "runtime/job/search_options.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/job_programs.h"
#include "runtime/planning/members.h"
#include "runtime/planning/memory_advice.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/command_line.h"
#include "tools/baton/kernel_report.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

// Runs of each layer, of which the median counts: enough for a stable one.
constexpr int kProfileRepeats = 5;

// Rates assumed for a device that this machine lacks.
constexpr double kAssumedTeraflops = 100;
constexpr double kAssumedGigabytesPerSecond = 1000;

// Refuses the flags that describe costs: a job's costs come from its layers.
absl::Status RefuseCostFlags(const ProblemFlags& flags) {
  const std::pair<const char*, bool> times[] = {{"forward", !flags.forward.empty()},
                                                {"backward-input", !flags.backward_input.empty()},
                                                {"backward-weight", !flags.backward_weight.empty()},
                                                {"transfer", !flags.transfer.empty()},
                                                {"recompute", !flags.recompute.empty()}};
  for (const auto& [flag, given] : times) {
    if (given) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": with a job file the layers are measured; leave out the flag, or the job"));
    }
  }
  const std::pair<const char*, bool> sizes[] = {{"activation-bytes", flags.activation_bytes.has_value()},
                                                {"message-bytes", flags.message_bytes.has_value()}};
  for (const auto& [flag, given] : sizes) {
    if (given) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, ": with a job file the layers give their sizes; leave out the flag, or the job"));
    }
  }
  return RefuseLinkFlags(flags.links);
}

// --set, and the short flags as overrides of the fields that they stand for.
absl::StatusOr<std::vector<std::string>> OverridesOf(const ProblemFlags& flags) {
  std::vector<std::string> overrides = flags.overrides;
  if (flags.stages) overrides.push_back(absl::StrCat("pipeline.stages=", *flags.stages));
  if (flags.micro_batches) overrides.push_back(absl::StrCat("batch.micro_batches=", *flags.micro_batches));
  if (flags.replicas) overrides.push_back(absl::StrCat("parallel.replicas=", *flags.replicas));
  if (flags.chunks) overrides.push_back(absl::StrCat("pipeline.chunks_per_device=", *flags.chunks));
  if (flags.micro_batch_group) {
    overrides.push_back(absl::StrCat("pipeline.micro_batch_group=", *flags.micro_batch_group));
  }
  if (flags.cores) overrides.push_back(absl::StrCat("devices.cores=", *flags.cores));
  if (!flags.schedule.empty()) {
    if (flags.schedule != "csv") BATON_RETURN_IF_ERROR(CheckSchedule("--schedule", flags.schedule));
    overrides.push_back(absl::StrCat("pipeline.schedule=", flags.schedule));
  }
  if (!flags.order.empty()) {
    if (flags.schedule.empty()) overrides.push_back("pipeline.schedule=csv");
    overrides.push_back(OrderOverride(flags.order));
  }
  for (const std::string& override : SearchOverrides(flags.search)) overrides.push_back(override);
  return overrides;
}

// The part of a job that the times of its layers depend on: all of it, except the fields that are known to have no
// influence. A field that is not listed here makes the layers be measured again.
std::string PartOfTimes(proto::Job job) {
  job.clear_name();
  const int64_t context = job.data().context();  // the tokens of a sequence
  job.clear_data();
  job.mutable_data()->set_context(context);
  job.clear_run();
  // The layers see a micro-batch; its size is that of sequences / micro_batches.
  job.mutable_batch()->set_sequences(job.batch().sequences() / job.batch().micro_batches());
  job.mutable_batch()->clear_micro_batches();
  job.mutable_batch()->clear_sum_groups();
  const proto::Parallel parallel = job.parallel();
  job.clear_parallel();
  job.mutable_parallel()->set_tensor(parallel.tensor());
  job.mutable_parallel()->set_tensor_sequence(parallel.tensor_sequence());
  proto::Pipeline& pipeline = *job.mutable_pipeline();
  pipeline.clear_stages();
  pipeline.clear_chunks_per_device();
  pipeline.clear_schedule();
  pipeline.clear_split();
  pipeline.clear_micro_batch_group();
  pipeline.clear_order();
  pipeline.clear_search();
  proto::Optimizer& optimizer = *job.mutable_optimizer();
  if (optimizer.has_adamw()) optimizer.mutable_adamw()->Clear();
  optimizer.clear_clip_norm();
  optimizer.clear_warmup_steps();
  optimizer.clear_decay();
  optimizer.clear_min_ratio();
  proto::Devices& devices = *job.mutable_devices();
  devices.clear_count();
  devices.clear_nodes();
  devices.clear_per_node();
  devices.clear_intra();
  devices.clear_inter();
  devices.clear_memory_gib();
  devices.clear_cores();
  devices.clear_gpus();
  devices.clear_gpu_overlap();
  return job.SerializeAsString();
}

// Refuses --rates-table where no kernels are estimated.
absl::Status CheckRatesTable(const ProblemFlags& flags, const proto::Devices& devices) {
  if (flags.rates_table.empty()) return absl::OkStatus();
  if (!flags.costs.empty()) {
    return absl::InvalidArgumentError("--rates-table: --costs gives the times of layers; leave one of them out");
  }
  if (devices.rates().multiprocessors() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(kRatesTableNeedsRates);
}

}  // namespace

absl::Status Problem::FromJob(const ProblemFlags& flags, const Problem* base) {
  BATON_RETURN_IF_ERROR(RefuseCostFlags(flags));
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> overrides, OverridesOf(flags));
  BATON_ASSIGN_OR_RETURN(job_, LoadJob(flags.job, overrides));
  BATON_RETURN_IF_ERROR(CheckRatesTable(flags, job_->devices()));
  BATON_RETURN_IF_ERROR(TakeLinkTable(flags));
  search_ = SearchOptionsOf(job_->pipeline().search());
  if (link_table_ && job_->parallel().tensor() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--link-table: needs parallel.tensor: 1, not ", job_->parallel().tensor()));
  }
  BATON_ASSIGN_OR_RETURN(const ModelSpec whole, ModelOfJob(*job_));
  BATON_ASSIGN_OR_RETURN(ModelSpec model, MemberOfModel(*job_, whole, /*member=*/0));
  BATON_ASSIGN_OR_RETURN(backend_, MakePlanningBackend(job_->devices()));
  BATON_ASSIGN_OR_RETURN(table_, MakeModelTable(*backend_, std::move(model)));
  BATON_ASSIGN_OR_RETURN(model_flops_, ModelFlops(*backend_, *job_));
  BATON_ASSIGN_OR_RETURN(order_, OrderOfJob(*job_));
  stages_ = job_->pipeline().stages();
  micro_batches_ = job_->batch().micro_batches();
  replicas_ = job_->parallel().replicas();
  sum_groups_ = job_->batch().sum_groups();
  shards_optimizer_ = job_->parallel().zero() == 1;
  schedule_ = job_->pipeline().schedule();
  group_ = job_->pipeline().micro_batch_group();
  // A number of chunks that is not the default of the job's schedule holds for every other schedule too.
  chunks_ = job_->pipeline().chunks_per_device();
  if (order_ == nullptr) {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule_));
    if (chunks_ == DefaultChunks(*info)) chunks_ = 0;
  }
  description_ = absl::StrCat(
      Printable(job_->name()), ": ", FormatPlural(table_.costs.size(), "layer"), " on ",
      FormatPlural(NumDevices(*job_), "device"), replicas_ > 1 ? absl::StrCat(" in ", replicas_, " replicas") : "",
      DescribeMembers(job_->parallel().tensor()), ", ", FormatPlural(micro_batches_, "micro-batch"));
  for (const std::string& padding : DescribePadding(job_->parallel().tensor(), table_.parameters)) {
    absl::StrAppend(&description_, "\n", padding);
  }
  return TimeLayers(flags, base);
}

// Takes the times from --costs, the job's rates, `base` or a measurement, and says which in description_.
absl::Status Problem::TimeLayers(const ProblemFlags& flags, const Problem* base) {
  const proto::Devices& devices = job_->devices();
  int processors_here = 0;
  const bool has_times_of_base = base != nullptr && PartOfTimes(*job_) == PartOfTimes(*base->job_);
  if (!flags.costs.empty()) {
    BATON_RETURN_IF_ERROR(ReadCosts(flags));
    if (base != nullptr && !has_times_of_base) {
      return absl::InvalidArgumentError(
          "--costs: the table holds for the job without this change, which changes the times of layers; leave out "
          "--costs");
    }
    absl::StrAppend(&description_, "\n", FormatPlural(file_costs_->chunks.size(), "chunk"), " as in ",
                    Printable(flags.costs));
  } else if (devices.has_rates()) {
    BATON_RETURN_IF_ERROR(EstimateLayers(flags));
  } else {
    if (has_times_of_base) {
      table_.costs = base->table_.costs;
      transfer_costs_ = base->measured_transfers_;
      spread_ = base->spread_;
      is_measured_here_ = base->is_measured_here_;
      absl::StrAppend(&description_, "\nmeasured here");
    } else {
      BATON_RETURN_IF_ERROR(MeasureLayers());
    }
    measured_transfers_ = transfer_costs_;
    if (is_measured_here_) processors_here = ProcessorsHere(devices);
  }
  ApplyLinks(*job_, transfer_costs_);
  ApplyCores(*job_, processors_here, transfer_costs_);
  gpus_of_node_ = GpusOfNode(*job_, processors_here);
  const std::string links =
      link_table_ ? DescribeLinkTable(*link_table_, flags.links.table) : DescribeLinks(transfer_costs_);
  if (file_costs_) {
    if (link_table_) absl::StrAppend(&description_, links);
    absl::StrAppend(&description_, DescribeCores());
    return absl::OkStatus();
  }
  Nanos step = 0;
  for (const LayerCosts& layer : WithMemberSums(*job_, table_.costs)) {
    step += layer.forward_ns + layer.backward_input_ns + layer.backward_weight_ns;
  }
  absl::StrAppend(&description_, ": ", FormatDuration(step), spread_,
                  " for one micro-batch, forward and backward, over all layers", links, DescribeCores());
  return absl::OkStatus();
}

// Takes the times from the job's rates, and from --rates-table.
absl::Status Problem::EstimateLayers(const ProblemFlags& flags) {
  if (!flags.rates_table.empty()) {
    BATON_ASSIGN_OR_RETURN(measured_kernels_, ReadRatesTable(flags.rates_table));
  }
  const proto::Rates& rates = job_->devices().rates();
  BATON_RETURN_IF_ERROR(TimeByJob(*backend_, *job_, table_, measured_kernels_));
  if (measured_kernels_ != nullptr) {
    BATON_ASSIGN_OR_RETURN(const std::vector<KernelRow> rows, Kernels());
    absl::StrAppend(&description_, "\n", DescribeSources(rows, *measured_kernels_));
  }
  absl::StrAppend(&description_, "\nestimated", rates.multiprocessors() > 0 ? " kernel by kernel" : "", " for ",
                  rates.matmul_tflops(), " TFLOP/s in ", proto::Devices::Precision_Name(job_->devices().precision()),
                  " and ", rates.memory_gbps(), " GB/s");
  const double slowest = SlowestShare(*job_);
  if (slowest < 1) absl::StrAppend(&description_, ", at the slowest GPU's ", FormatPercent(slowest));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<KernelRow>> Problem::Kernels() const {
  if (!job_ || file_costs_ || job_->devices().rates().multiprocessors() == 0) return std::vector<KernelRow>();
  return KernelTable(*backend_, table_.model, table_.costs, RatesOfJob(*job_, measured_kernels_));
}

absl::Status Problem::MeasureLayers() {
  const auto take = [this](const TransferCosts& transfer) {
    transfer_costs_.transfer_ns = transfer.transfer_ns;
    transfer_costs_.load_ns = transfer.load_ns;
    absl::StrAppend(&description_, "\nmeasured here");
    return absl::OkStatus();
  };
  if (timer_) {
    BATON_ASSIGN_OR_RETURN(const TransferCosts transfer, timer_(*backend_, *job_, table_));
    return take(transfer);
  }
  const absl::Status available = CheckDevices(job_->devices());
  if (absl::IsUnavailable(available)) {
    // Sizes, and the layers' shares of a step, need no device.
    proto::Job assumed = *job_;
    assumed.mutable_devices()->mutable_rates()->set_matmul_tflops(kAssumedTeraflops);
    assumed.mutable_devices()->mutable_rates()->set_memory_gbps(kAssumedGigabytesPerSecond);
    transfer_costs_.bytes_per_ns = kAssumedGigabytesPerSecond;
    absl::StrAppend(&description_, "\nnot measured: ", std::string(available.message()), "\nassumed for ",
                    kAssumedTeraflops, " TFLOP/s and ", kAssumedGigabytesPerSecond,
                    " GB/s (set devices.rates to change them)");
    return TimeByJob(*backend_, assumed, table_);
  }
  BATON_RETURN_IF_ERROR(available);
  is_measured_here_ = true;
  BATON_ASSIGN_OR_RETURN(const JobDevices devices, MakeDevices(job_->devices(), 2));
  const std::vector<Device*> pointers = devices.Pointers();
  ProfileOptions options = {backend_.get(), pointers, devices.transport.get(), kProfileRepeats};
  ProgressLine line("measuring", ProgressLine::OnStderr());
  options.progress = [&line](double share, const std::string& part) { line.Show(share, part); };
  BATON_ASSIGN_OR_RETURN(const TransferCosts transfer, ProfileLayers(options, table_));
  spread_ = absl::StrCat(" (", DescribeSpread(transfer.spread, kProfileRepeats, "layer"), ")");
  return take(transfer);
}

absl::Status Problem::CheckMemory(const CompileRequest& request, const Program& program, bool brief) const {
  if (!job_ || !job_->devices().has_memory_gib()) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(const JobPrograms programs, AddEvaluation(*job_, request, program));
  const absl::Status fits = CheckDeviceMemory(*job_, programs);
  if (fits.ok() || !brief) return fits;
  return absl::InvalidArgumentError(absl::StrCat("devices.memory_gib: a device needs more than ",
                                                 job_->devices().memory_gib(),
                                                 " GiB; baton simulate shows how much, and what would fit"));
}

std::string Problem::AdviseOnMemory() const { return DescribeAdvice(baton::AdviseOnMemory(*backend_, *job_)); }

absl::StatusOr<std::vector<LayerRange>> Problem::SplitFor(const CompileRequest& request) const {
  BATON_ASSIGN_OR_RETURN(const ChunkPlacement placement, PlacementOf(OneReplica(request)));
  // An explicit split fits the job's own number of chunks alone.
  return placement.num_chunks() == NumChunks(*job_) ? SplitOfJob(*job_, table_, placement)
                                                    : BalancedSplitOfJob(*job_, table_, placement);
}

absl::StatusOr<std::optional<EndLayers>> Problem::EndLayersOf(const CompileRequest& request, int chunk) const {
  // A table of chunks has no times of single layers.
  if (!job_ || file_costs_) return std::make_optional(TenthOf(request.costs.chunks[chunk]));
  BATON_ASSIGN_OR_RETURN(const std::vector<LayerRange> split, SplitFor(request));
  const LayerRange range = split[chunk];
  if (range.size() < 2) return std::optional<EndLayers>();
  const auto times_of = [](const LayerCosts& layer) {
    ChunkCosts times;
    times.forward_ns = layer.forward_ns;
    times.backward_input_ns = layer.backward_input_ns;
    times.backward_weight_ns = layer.backward_weight_ns;
    times.repeated_ns = layer.repeated_ns;
    times.recompute_ns = layer.recompute_ns;
    times.update_ns = layer.update_ns;
    times.fold_ns = layer.fold_ns;
    return times;
  };
  EndLayers layers;
  layers.first = times_of(table_.costs[range.begin]);
  layers.last = times_of(table_.costs[range.end - 1]);
  return std::make_optional(layers);
}

}  // namespace baton
