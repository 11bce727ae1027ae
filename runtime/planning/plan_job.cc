// Model, costs, split and layout, then the compile request.
#include "runtime/planning/plan_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/duration.h"
#include "base/status.h"
#include "runtime/device/host/host_memory.h"
#include "runtime/job/order_file.h"
#include "runtime/job/resolve.h"
#include "runtime/job/search_options.h"
#include "runtime/planning/members.h"
#include "runtime/planning/parameter_patterns.h"
#include "runtime/planning/program_size.h"
#include "schedules/costs/costs_csv.h"
#include "schedules/costs/known_devices.h"
#include "schedules/costs/slowest_of_many.h"

namespace baton {

double SlowestShare(const proto::Job& job) {
  const proto::Devices& devices = job.devices();
  if (devices.rates().multiprocessors() == 0) return 1;
  return SlowestOfMany(devices.has_gpus() ? devices.gpus() * std::max(devices.nodes(), 1) : devices.count());
}

DeviceRates RatesOfJob(const proto::Job& job, std::shared_ptr<const MeasuredKernels> measured) {
  DeviceRates rates;
  rates.measured = std::move(measured);
  rates.flops_per_ns = 1;
  if (!job.devices().has_rates()) return rates;
  const proto::Rates& given = job.devices().rates();
  // The memory has a clock of its own, which does not fall.
  const double slowest = SlowestShare(job);
  rates.flops_per_ns = 1e3 * given.matmul_tflops() * slowest;
  rates.bytes_per_ns = given.memory_gbps();
  rates.multiprocessors = given.multiprocessors();
  rates.clock_ghz = given.clock_ghz() * slowest;
  if (job.devices().precision() == proto::Devices::TF32) {
    const KnownDevice* const known = FindDevice(job.devices().device());
    if (known != nullptr) rates.attention_flops_per_ns = 1e3 * known->matmul_tflops(ProductType::kFloat32) * slowest;
  }
  return rates;
}

absl::Status TimeByJob(const Backend& backend, const proto::Job& job, ModelTable& table,
                       std::shared_ptr<const MeasuredKernels> measured) {
  return TimeByRates(backend, table.model, RatesOfJob(job, std::move(measured)), table.costs);
}

absl::Status UseTable(const CostModel& table, CostModel& costs) {
  if (table.chunks.size() % costs.chunks.size() != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--costs: ", table.chunks.size(), " chunks; the job has ",
                                                   costs.chunks.size(),
                                                   ", and a table must have as many or a multiple"));
  }
  CostModel times = MergeChunks(table, static_cast<int>(costs.chunks.size()));
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    for (auto field : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
                       &ChunkCosts::recompute_ns, &ChunkCosts::update_ns, &ChunkCosts::repeated_ns}) {
      costs.chunks[i].*field = times.chunks[i].*field;
    }
  }
  costs.link_ns = std::move(times.link_ns);
  return absl::OkStatus();
}

void ApplyLinks(const proto::Job& job, CostModel& costs) {
  const proto::Devices& devices = job.devices();
  if (!devices.has_intra()) return;
  // ResolveJob has checked that the latencies parse.
  costs.link_ns.clear();
  costs.transfer_ns = ParseDuration(devices.intra().latency()).value_or(0);
  costs.bytes_per_ns = devices.intra().bandwidth_gbps();
  if (devices.nodes() < 2) return;
  costs.devices_per_node = devices.per_node();
  costs.inter.latency_ns = ParseDuration(devices.inter().latency()).value_or(0);
  costs.inter.bytes_per_ns = devices.inter().bandwidth_gbps();
  GroupMembers(job.parallel().tensor(), costs);
}

int GpusOfNode(const proto::Job& job, int gpus_here) {
  const proto::Devices& devices = job.devices();
  return devices.has_gpus() ? devices.gpus() : devices.nodes() < 2 ? gpus_here : 0;
}

void ApplyCores(const proto::Job& job, int processors_here, CostModel& costs) {
  const proto::Devices& devices = job.devices();
  const bool is_one_node = devices.nodes() < 2;
  // A device of the program stands for all members of its group.
  const int members = job.parallel().tensor();
  SharedCores& cores = costs.cores;
  cores.devices_per_host = is_one_node ? 0 : devices.per_node() / members;
  // Without times of this machine HOST may stand in for GPUs.
  const bool stands_in = devices.has_gpus() && processors_here == 0;
  if (devices.backend() == proto::Devices::HOST && !stands_in) {
    cores.cores = devices.has_cores() ? devices.cores() : is_one_node ? processors_here : 0;
    cores.threads_each = devices.threads_each() * members;
    return;
  }
  const int gpus = GpusOfNode(job, processors_here);
  if (gpus == 0) return;
  // Members whose GPUs are no whole part of the node's share all of them, each a thread.
  const bool has_own = gpus % members == 0;
  cores.gpus_per_host = has_own ? gpus / members : 1;
  cores.cores = (has_own ? 1 : gpus) * devices.gpu_overlap();
  cores.threads_each = has_own ? 1 : members;
}

namespace {

// The layers of a model with the fields of the job that concern parameters and times.
absl::StatusOr<ModelTable> TableOf(const Backend& backend, const proto::Job& job, ModelSpec model) {
  BATON_ASSIGN_OR_RETURN(ModelTable table, MakeModelTable(backend, std::move(model)));
  BATON_RETURN_IF_ERROR(ApplyParameterPatterns(job, table));
  BATON_RETURN_IF_ERROR(TimeByJob(backend, job, table));
  return table;
}

}  // namespace

absl::StatusOr<JobPlan> PlanJob(const Backend& backend, const proto::Job& job) {
  BATON_ASSIGN_OR_RETURN(const ModelSpec whole, ModelOfJob(job));
  BATON_ASSIGN_OR_RETURN(ModelSpec first, MemberOfModel(job, whole, 0));
  return PlanModel(backend, job, std::move(first));
}

absl::StatusOr<JobPlan> PlanMember(const Backend& backend, const proto::Job& job, const JobPlan& first, int member) {
  BATON_ASSIGN_OR_RETURN(const ModelSpec whole, ModelOfJob(job));
  BATON_ASSIGN_OR_RETURN(ModelSpec part, MemberOfModel(job, whole, member));
  JobPlan plan = first;
  BATON_ASSIGN_OR_RETURN(plan.table, TableOf(backend, job, std::move(part)));
  BATON_ASSIGN_OR_RETURN(plan.layout, LayoutOfSplit(plan.table, plan.split));
  return plan;
}

absl::StatusOr<double> ModelFlops(const Backend& backend, const proto::Job& job) {
  BATON_ASSIGN_OR_RETURN(ModelSpec whole, ModelOfJob(job));
  BATON_ASSIGN_OR_RETURN(const ModelTable table, MakeModelTable(backend, std::move(whole)));
  double flops = 0;
  for (const LayerCosts& layer : table.costs) flops += layer.forward_flops + layer.backward_flops;
  return flops;
}

absl::StatusOr<JobPlan> PlanModel(const Backend& backend, const proto::Job& job, ModelSpec model) {
  JobPlan plan;
  BATON_ASSIGN_OR_RETURN(plan.table, TableOf(backend, job, std::move(model)));
  CompileRequest& request = plan.request;
  request.schedule = job.pipeline().schedule();
  BATON_ASSIGN_OR_RETURN(request.order, OrderOfJob(job));
  request.num_stages = job.pipeline().stages();
  request.num_micro_batches = job.batch().micro_batches();
  request.replicas = job.parallel().replicas();
  request.sum_groups = job.batch().sum_groups();
  request.shards_optimizer = job.parallel().zero() == 1;
  request.chunks_per_device = job.pipeline().chunks_per_device();
  request.micro_batch_group = job.pipeline().micro_batch_group();
  request.search = SearchOptionsOf(job.pipeline().search());
  BATON_RETURN_IF_ERROR(CheckProgramSize(request, FreeMemoryBytes()));
  BATON_ASSIGN_OR_RETURN(const ChunkPlacement placement, PlacementOf(OneReplica(request)));
  BATON_ASSIGN_OR_RETURN(plan.split, SplitOfJob(job, plan.table, placement));
  BATON_ASSIGN_OR_RETURN(plan.layout, LayoutOfSplit(plan.table, plan.split));
  const ModelSpec& model_of_table = plan.table.model;
  request.costs.chunks = SumChunks(WithMemberSums(job, plan.table.costs), plan.split,
                                   model_of_table.input_shape.NumBytes(), model_of_table.targets_shape.NumBytes());
  ApplyLinks(job, request.costs);
  ApplyCores(job, /*processors_here=*/0, request.costs);
  request.reduce_groups = ReduceGroupsOf(plan.layout);
  return plan;
}

}  // namespace baton
