// Makes the order, lowers it and proves the program; see compile.h.
#include "schedules/compile/compile.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/order/forward_only.h"
#include "schedules/order/order_index.h"
#include "schedules/order/recompute.h"
#include "schedules/order/replicate.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

absl::StatusOr<Program> LowerAndProve(const ComputeOrder& order, const CompileRequest& request,
                                      std::vector<ReduceGroup> reduce_groups) {
  LowerOptions options;
  options.schedule = request.schedule;
  options.costs = request.costs;
  options.reduce_groups = std::move(reduce_groups);
  options.transport = request.transport;
  options.with_state = request.with_state;
  options.replicas = request.replicas;
  options.sum_groups = request.sum_groups;
  options.shards_optimizer = request.shards_optimizer;
  BATON_ASSIGN_OR_RETURN(Program program, Lower(Replicate(order, request.replicas), options));
  BATON_RETURN_IF_ERROR(CheckProgram(program, {request.transport}));
  return program;
}

absl::Status CheckCount(const char* what, int in_order, const std::string& field, int asked) {
  if (in_order == asked) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.order: the file has ", in_order, " ", what, ", but ", field, " is ", asked));
}

// Those that one replica passes.
int MicroBatchesOfReplica(const CompileRequest& request) { return request.num_micro_batches / request.replicas; }

absl::Status CheckReplicas(const CompileRequest& request) {
  if (request.replicas < 1 || request.num_micro_batches % request.replicas != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "parallel.replicas: ", request.replicas, " does not divide batch.micro_batches: ", request.num_micro_batches));
  }
  if (request.sum_groups < 1 || request.sum_groups % request.replicas != 0 ||
      request.num_micro_batches % request.sum_groups != 0) {
    return absl::InvalidArgumentError(absl::StrCat("batch.sum_groups: ", request.sum_groups,
                                                   " must be a multiple of parallel.replicas: ", request.replicas,
                                                   " and divide batch.micro_batches: ", request.num_micro_batches));
  }
  return absl::OkStatus();
}

// A schedule with replicas of its own sums them beside each other, so that no group of micro-batches is summed alone.
absl::Status CheckSumGroups(const ComputeOrder& order, const CompileRequest& request) {
  if (order.placement.num_replicas() == 1 || request.sum_groups == request.replicas) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("batch.sum_groups: ", request.sum_groups, " must be parallel.replicas: ", request.replicas, " for ",
                   request.schedule, ", which has ", order.placement.num_replicas(), " replicas of its own"));
}

// A user's order must have the devices, chunks and micro-batches of the request, and be fit for training.
absl::Status CheckAgreement(const CompileRequest& request) {
  const ComputeOrder& order = *request.order;
  BATON_RETURN_IF_ERROR(CheckCount("rows (devices)", order.num_devices(), "pipeline.stages", request.num_stages));
  BATON_RETURN_IF_ERROR(CheckCount("stages (chunks)", order.num_chunks, "pipeline.stages × pipeline.chunks_per_device",
                                   request.num_stages * request.chunks_per_device));
  const char* const share = request.replicas == 1 ? "batch.micro_batches" : "batch.micro_batches ÷ parallel.replicas";
  BATON_RETURN_IF_ERROR(CheckCount("micro-batches", order.num_micro_batches, share, MicroBatchesOfReplica(request)));
  const bool has_backward = std::any_of(order.devices.begin(), order.devices.end(), [](const auto& actions) {
    return std::any_of(actions.begin(), actions.end(),
                       [](const Action& action) { return action.kind != ActionKind::kForward; });
  });
  if (!has_backward) return absl::InvalidArgumentError("pipeline.order: the file has no backward");
  // The message of IndexOrder names the row and the action.
  if (absl::Status status = IndexOrder(order).status(); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.order: ", status.message(), "; baton verify --order=FILE lists every violation"));
  }
  return absl::OkStatus();
}

OrderRequest AskedOf(const CompileRequest& request) {
  return {request.num_stages, MicroBatchesOfReplica(request), request.chunks_per_device, request.micro_batch_group};
}

// The user's order, or that of the catalog or of a search.
absl::StatusOr<ComputeOrder> OrderOf(const CompileRequest& request, Certificate* certificate) {
  BATON_RETURN_IF_ERROR(CheckReplicas(request));
  if (request.order != nullptr) {
    BATON_RETURN_IF_ERROR(CheckAgreement(request));
    return *request.order;
  }
  const OrderRequest asked = AskedOf(request);
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(request.schedule));
  if (!IsSearched(*info)) {
    BATON_ASSIGN_OR_RETURN(ComputeOrder order, MakeOrder(request.schedule, asked));
    if (!info->is_scheduled_by_costs) return order;
    return ScheduleInMemoryOf(order, asked, request.costs, request.search);
  }
  BATON_ASSIGN_OR_RETURN(SearchResult result, Search(asked, request.costs, request.search));
  if (certificate != nullptr) *certificate = std::move(result.certificate);
  return std::move(result.order);
}

// The limits of all replicas' devices.
absl::StatusOr<ActivationLimits> LimitsOf(const MemoryLimit& limit, const CompileRequest& request) {
  BATON_ASSIGN_OR_RETURN(ActivationLimits limits, ResolveLimits(limit, request.costs, request.num_stages));
  const std::vector<int64_t> of_one = limits.limit;
  for (int replica = 1; replica < request.replicas; ++replica) {
    limits.limit.insert(limits.limit.end(), of_one.begin(), of_one.end());
  }
  return limits;
}

// Checks the rule "activations" for orders of any origin.
absl::Status ProveLimit(const Program& program, const CompileRequest& request) {
  const absl::StatusOr<const ScheduleInfo*> info = FindAnySchedule(request.schedule);
  const bool is_searched = request.order == nullptr && info.ok() && IsSearched(**info);
  MemoryLimit limit = request.search.limit;
  if (!limit.is_given()) {
    if (!is_searched) return absl::OkStatus();
    limit.micro_batches = {static_cast<double>(request.num_stages)};
  }
  BATON_ASSIGN_OR_RETURN(const ActivationLimits limits, LimitsOf(limit, request));
  const std::vector<Violation> violations = ValidateActivations(program, limits);
  if (violations.empty()) return absl::OkStatus();
  if (is_searched) return absl::InternalError(FormatViolation(program, violations.front()));
  return absl::InvalidArgumentError(absl::StrCat(
      limits.in_bytes ? "pipeline.search.activation_limit_bytes" : "pipeline.search.activation_limit_micro_batches",
      ": device ", violations.front().device, " ", violations.front().message));
}

// Adds a Recompute for each chunk that can recompute, unless the order has its own.
absl::StatusOr<ComputeOrder> WithRecompute(ComputeOrder order, const CompileRequest& request) {
  std::vector<bool> recomputes;
  for (const ChunkCosts& chunk : request.costs.chunks) recomputes.push_back(chunk.can_recompute);
  recomputes.resize(order.num_chunks);
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    if (!recomputes[chunk] && HasRecompute(order, chunk)) {
      return absl::InvalidArgumentError(absl::StrCat("pipeline.order: the file recomputes chunk ", chunk,
                                                     ", which saves all of its activations; see pipeline.recompute"));
    }
  }
  return AddRecompute(order, std::move(recomputes));
}

}  // namespace

namespace {

// The placement of one replica, for all of its micro-batches or a few.
absl::StatusOr<ChunkPlacement> PlacementOfReplica(const CompileRequest& request) {
  if (request.order != nullptr) {
    BATON_RETURN_IF_ERROR(CheckAgreement(request));
    return request.order->placement;
  }
  OrderRequest asked = AskedOf(request);
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const info, FindAnySchedule(request.schedule));
  if (IsSearched(*info)) {
    BATON_RETURN_IF_ERROR(CheckRequest(asked));
    return (request.search.placement == Placement::kV ? ZigzagOrder(asked) : LoopedOrder(asked)).placement;
  }
  // Micro-batches do not move chunks; a few are made faster than all, if the schedule takes so few.
  asked.num_micro_batches = std::min(asked.num_micro_batches, 2 * asked.num_stages);
  absl::StatusOr<ComputeOrder> order = MakeOrder(request.schedule, asked);
  if (!order.ok()) order = MakeOrder(request.schedule, AskedOf(request));
  BATON_RETURN_IF_ERROR(order.status());
  return std::move(order->placement);
}

}  // namespace

CompileRequest OneReplica(CompileRequest request) {
  request.num_micro_batches = MicroBatchesOfReplica(request);
  request.replicas = request.sum_groups = 1;
  return request;
}

absl::StatusOr<ChunkPlacement> PlacementOf(const CompileRequest& request) {
  BATON_RETURN_IF_ERROR(CheckReplicas(request));
  BATON_ASSIGN_OR_RETURN(const ChunkPlacement placement, PlacementOfReplica(request));
  return ReplicatePlacement(placement, request.replicas, request.num_stages,
                            static_cast<int>(placement.replica_of_micro_batch().size()));
}

absl::StatusOr<Program> Compile(const CompileRequest& request, Certificate* certificate) {
  BATON_ASSIGN_OR_RETURN(ComputeOrder order, OrderOf(request, certificate));
  BATON_RETURN_IF_ERROR(CheckSumGroups(order, request));
  BATON_ASSIGN_OR_RETURN(order, WithRecompute(std::move(order), request));
  BATON_ASSIGN_OR_RETURN(Program program, LowerAndProve(order, request, request.reduce_groups));
  BATON_RETURN_IF_ERROR(ProveLimit(program, request));
  return program;
}

absl::StatusOr<std::vector<double>> PeakMicroBatches(const Program& program, const CompileRequest& request) {
  MemoryLimit limit;
  limit.weight_fraction = request.search.limit.weight_fraction;
  BATON_ASSIGN_OR_RETURN(const ActivationLimits limits, LimitsOf(limit, request));
  std::vector<double> peaks;
  for (const int64_t peak : PeakActivations(program, limits)) peaks.push_back(limits.ToMicroBatches(peak));
  return peaks;
}

absl::StatusOr<Program> CompileForwardOnly(const CompileRequest& request) {
  CompileRequest without_moves = request;
  without_moves.search.moves = 0;
  without_moves.search.progress = nullptr;
  BATON_ASSIGN_OR_RETURN(const ComputeOrder order, OrderOf(without_moves, nullptr));
  return LowerAndProve(ForwardOnly(order), request, {});
}

}  // namespace baton
