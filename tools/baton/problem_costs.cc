// The costs of a request's chunks: from flags of a stage, from a table (--costs), or from a job's layers.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/planning/members.h"
#include "schedules/costs/costs_csv.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/problem.h"

namespace baton {

// Takes times, sizes and links of the flags. A time that is not given is 1 ms, of a transfer 0.
absl::Status Problem::TakeStageCosts(const ProblemFlags& flags) {
  const auto duration = [](const char* flag, const std::string& text, Nanos otherwise) -> absl::StatusOr<Nanos> {
    if (text.empty()) return otherwise;
    return ParseDurationFlag(flag, text);
  };
  constexpr Nanos kDefault = 1000 * 1000;
  ChunkCosts& stage = stage_costs_;
  BATON_ASSIGN_OR_RETURN(stage.forward_ns, duration("forward", flags.forward, kDefault));
  BATON_ASSIGN_OR_RETURN(stage.backward_input_ns, duration("backward-input", flags.backward_input, kDefault));
  BATON_ASSIGN_OR_RETURN(stage.backward_weight_ns, duration("backward-weight", flags.backward_weight, kDefault));
  BATON_ASSIGN_OR_RETURN(stage.recompute_ns, duration("recompute", flags.recompute, 0));
  BATON_ASSIGN_OR_RETURN(transfer_costs_.transfer_ns, duration("transfer", flags.transfer, 0));
  if (!flags.transfer.empty() && link_table_) {
    return absl::InvalidArgumentError("--transfer: --link-table gives it; leave one of them out");
  }
  BATON_RETURN_IF_ERROR(ApplyLinkFlags(flags.links, transfer_costs_));
  transfer_costs_.cores.cores = flags.cores.value_or(0);
  const Bytes activation_bytes = flags.activation_bytes.value_or(0);
  const Bytes weight_bytes =
      std::llround(flags.search.weight_fraction.value_or(1) * static_cast<double>(activation_bytes));
  // With --recompute the activations are recomputed, not saved.
  stage.can_recompute = !flags.recompute.empty();
  (stage.can_recompute ? stage.recomputed_weight_bytes : stage.saved_weight_bytes) = weight_bytes;
  (stage.can_recompute ? stage.recomputed_bytes : stage.saved_bytes) = activation_bytes - weight_bytes;
  stage.input_bytes = stage.output_bytes = flags.message_bytes.value_or(0);
  return absl::OkStatus();
}

// Reads --link-table, and decides how many devices a host has.
absl::Status Problem::TakeLinkTable(const ProblemFlags& flags) {
  if (flags.links.table.empty()) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(link_table_, ReadLinkTableFile(flags.links.table));
  if (job_ && job_->devices().nodes() > 1) link_per_node_ = job_->devices().per_node();
  if (!flags.links.per_node) return absl::OkStatus();
  link_per_node_ = *flags.links.per_node;
  if (link_table_->BetweenHosts()) return absl::OkStatus();
  return absl::InvalidArgumentError("--per-node: the link table has no link between two hosts");
}

// As "\n4 threads of devices take turns on 2 cores" or "\n4 devices take turns on 2 GPUs"; empty if none waits for
// another.
std::string Problem::DescribeCores() const {
  const SharedCores& cores = transfer_costs_.cores;
  const int num_devices = stages_ * replicas_;
  if (!cores.AreShared(num_devices)) return "";
  const int on_host = cores.devices_per_host > 0 ? std::min(cores.devices_per_host, num_devices) : num_devices;
  const char* const of_node = cores.devices_per_host > 0 ? " of a node" : "";
  if (cores.gpus_per_host > 0) {
    // Only a job has GPUs. A device of the program stands for all members of its group.
    const int members = job_->parallel().tensor();
    return absl::StrCat("\n", on_host * members, " devices", of_node, " take turns on ",
                        FormatPlural(gpus_of_node_, "GPU"));
  }
  return absl::StrCat("\n", on_host * cores.threads_each, " threads of devices", of_node, " take turns on ",
                      FormatPlural(static_cast<int>(cores.cores), "core"));
}

// Reads --costs, beside which no flag may give the same costs.
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
          absl::StrCat("--", flag, ": --costs gives it for each chunk; leave one of them out"));
    }
  }
  BATON_ASSIGN_OR_RETURN(file_costs_, ReadCostsFile(flags.costs));
  return absl::OkStatus();
}

// Without --stages: as many stages as the table's chunks fill. Chunks per device: --chunks, else the schedule's
// default, else 1.
absl::Status Problem::StagesOfCosts(const ProblemFlags& flags) {
  if (flags.stages) return absl::OkStatus();
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

// The chunks of the table; neighbours are joined where the schedule has fewer chunks.
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
  costs.cores = transfer_costs_.cores;
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

// Each stage's costs, divided evenly among its chunks.
CostModel Problem::CostsOfStages(const CompileRequest& request) const {
  const int parts = request.chunks_per_device;
  ChunkCosts chunk = stage_costs_;
  chunk.forward_ns /= parts;
  chunk.backward_input_ns /= parts;
  chunk.backward_weight_ns /= parts;
  chunk.recompute_ns /= parts;
  chunk.saved_bytes = AlignUp(chunk.saved_bytes / parts);
  chunk.saved_weight_bytes = AlignUp(chunk.saved_weight_bytes / parts);
  chunk.recomputed_bytes = AlignUp(chunk.recomputed_bytes / parts);
  chunk.recomputed_weight_bytes = AlignUp(chunk.recomputed_weight_bytes / parts);
  chunk.input_bytes = chunk.output_bytes = AlignUp(chunk.input_bytes);
  CostModel costs = transfer_costs_;
  costs.chunks.assign(request.num_stages * parts, chunk);
  costs.chunks.back().output_bytes = 0;
  return costs;
}

// Sets the costs of the job's layers, or of --costs, and the groups that share gradients.
absl::Status Problem::CostsOfJob(CompileRequest& request) const {
  BATON_ASSIGN_OR_RETURN(const std::vector<LayerRange> split, SplitFor(request));
  BATON_ASSIGN_OR_RETURN(const ParameterLayout layout, LayoutOfSplit(table_, split));
  request.costs.chunks = SumChunks(WithMemberSums(*job_, table_.costs), split, table_.model.input_shape.NumBytes(),
                                   table_.model.targets_shape.NumBytes());
  if (file_costs_) {
    // The job's links, where it has any, replace the table's transfers.
    BATON_RETURN_IF_ERROR(UseTable(*file_costs_, request.costs));
    ApplyLinks(*job_, request.costs);
  }
  request.reduce_groups = ReduceGroupsOf(layout);
  return absl::OkStatus();
}

}  // namespace baton
