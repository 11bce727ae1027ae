// Requests to compile, for a pipeline from either source.
#include "tools/baton/problem.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/device/host/host_memory.h"
#include "runtime/job/product_type.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/program_size.h"
#include "schedules/costs/known_devices.h"
#include "schedules/search/searched_schedules.h"

namespace baton {

absl::StatusOr<Problem> Problem::Create(const ProblemFlags& flags, LayerTimer timer) {
  return Make(flags, std::move(timer), nullptr);
}

absl::StatusOr<Problem> Problem::Changed(const ProblemFlags& flags) const { return Make(flags, timer_, this); }

// `base`: the problem that this one is a change of; null for none.
absl::StatusOr<Problem> Problem::Make(const ProblemFlags& flags, LayerTimer timer, const Problem* base) {
  Problem problem;
  problem.timer_ = std::move(timer);
  BATON_RETURN_IF_ERROR(flags.job.empty() ? problem.FromFlags(flags) : problem.FromJob(flags, base));
  problem.placement_given_ =
      !flags.search.placement.empty() || (problem.job_ && problem.job_->pipeline().search().has_placement());
  problem.search_.progress = ShowProgress();
  return problem;
}

std::string Problem::part_name() const {
  if (!job_) return "micro-batch";
  return ReadsTokens(*job_) ? "sequence" : "example";
}

std::string Problem::DescribeThroughput(Nanos step_time) const {
  if (!job_ || !job_->devices().has_rates() || step_time <= 0) return "";
  const double seconds = static_cast<double>(step_time) / 1e9;
  const int64_t rows = int64_t{job_->batch().sequences()} * (ReadsTokens(*job_) ? ContextOf(*job_) : 1);
  const double flops = model_flops_ * micro_batches_ / seconds / NumDevices(*job_) / 1e12;
  const std::string rate = absl::StrFormat("%s %s/s, %.3g TFLOP/s a device for the model's FLOPs",
                                           FormatCount(std::round(static_cast<double>(rows) / seconds)),
                                           ReadsTokens(*job_) ? "tokens" : "examples", flops);
  const KnownDevice* const device = FindDevice(job_->devices().device());
  if (device == nullptr) return rate;
  const double peak = device->PeakTflops(ProductTypeOf(job_->devices().precision()));
  return absl::StrCat(rate, ", ", FormatPercent(flops / peak), " of ", device->name, "'s ", peak, " in ",
                      proto::Devices::Precision_Name(job_->devices().precision()), " (MFU)");
}

absl::StatusOr<CompileRequest> Problem::RequestFor(const std::string& schedule, Unsupported unsupported) const {
  CompileRequest request;
  request.schedule = schedule;
  request.num_stages = stages_;
  request.num_micro_batches = micro_batches_;
  request.replicas = replicas_;
  request.sum_groups = sum_groups_;
  request.shards_optimizer = shards_optimizer_;
  if (schedule == "csv") {
    request.order = order_;
    request.chunks_per_device = chunks_;
  } else {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(schedule));
    const bool use_defaults = unsupported == Unsupported::kUseScheduleDefaults;
    const bool default_chunks = chunks_ == 0 || (use_defaults && !info->takes_chunks);
    request.chunks_per_device = default_chunks ? DefaultChunks(*info) : chunks_;
    request.micro_batch_group = use_defaults && !info->takes_group ? 0 : group_;
  }
  request.search = search_;
  request.costs = transfer_costs_;
  BATON_RETURN_IF_ERROR(InUserTerms(CheckProgramSize(request, FreeMemoryBytes())));
  if (job_) {
    BATON_RETURN_IF_ERROR(CostsOfJob(request));
  } else if (file_costs_) {
    BATON_ASSIGN_OR_RETURN(request.costs, CostsOfFile(request));
  } else {
    request.costs = CostsOfStages(request);
  }
  if (link_table_) {
    const int num_members = job_ ? job_->parallel().tensor() : 1;
    ApplyLinkTable(*link_table_, {request.num_stages * request.replicas, num_members, link_per_node_}, request.costs);
  }
  return request;
}

absl::StatusOr<Program> Problem::CompileProgram(const CompileRequest& request, Certificate* certificate) const {
  absl::StatusOr<Program> program = Compile(request, certificate);
  if (!program.ok()) return InUserTerms(program.status());
  return program;
}

absl::StatusOr<StepReport> Problem::Report(const CompileRequest& request, const Program& program, const Trace& trace) {
  StepReport report = Analyze(program, trace);
  BATON_ASSIGN_OR_RETURN(const std::vector<double> peaks, PeakMicroBatches(program, request));
  for (size_t device = 0; device < peaks.size(); ++device) report.devices[device].peak_micro_batches = peaks[device];
  return report;
}

std::vector<Placement> Problem::PlacementsToTry() const {
  if (placement_given_ || chunks_ != 0) return {search_.placement};
  return {Placement::kLoop, Placement::kV};
}

// The schedule's default; a searched schedule in a V has two.
int Problem::DefaultChunks(const ScheduleInfo& info) const {
  return IsSearched(info) && search_.placement == Placement::kV ? 2 : info.default_chunks;
}

// Replaces the job's field names by flags where there is no job.
absl::Status Problem::InUserTerms(const absl::Status& status) const {
  if (status.ok() || job_) return status;
  return absl::Status(
      status.code(),
      absl::StrReplaceAll(status.message(),
                          {{"pipeline.stages", "--stages"},
                           {"pipeline.chunks_per_device", "--chunks"},
                           {"pipeline.micro_batch_group", "--group"},
                           {"batch.micro_batches", "--micro-batches"},
                           {"parallel.replicas", "--replicas"},
                           {"pipeline.schedule", "--schedule"},
                           {"pipeline.order", "--order"},
                           {"pipeline.recompute", "--recompute"},
                           {"pipeline.search.placement V", "--placement=v"},
                           {"pipeline.search.exact", "--exact"},
                           {"pipeline.search.activation_limit_micro_batches", "--activation-limit-micro-batches"},
                           {"pipeline.search.activation_limit_bytes", "--activation-limit-bytes"},
                           {"pipeline.search.weight_activation_fraction", "--weight-activation-fraction"}}));
}

}  // namespace baton
