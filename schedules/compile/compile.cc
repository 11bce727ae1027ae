#include "schedules/compile/compile.h"

#include "base/status.h"
#include "schedules/lower/lower.h"
#include "schedules/order/catalog.h"
#include "schedules/order/forward_only.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

absl::StatusOr<Program> LowerAndProve(const ComputeOrder& order, const CompileRequest& request,
                                      std::vector<ReduceGroup> reduce_groups) {
  LowerOptions options;
  options.schedule = request.schedule;
  options.costs = request.costs;
  options.reduce_groups = std::move(reduce_groups);
  BATON_ASSIGN_OR_RETURN(Program program, Lower(order, options));
  BATON_RETURN_IF_ERROR(CheckProgram(program));
  return program;
}

}  // namespace

absl::StatusOr<Program> Compile(const CompileRequest& request) {
  BATON_ASSIGN_OR_RETURN(const ComputeOrder order,
                         MakeOrder(request.schedule, {request.num_stages, request.num_micro_batches,
                                                      request.chunks_per_device, request.micro_batch_group}));
  return LowerAndProve(order, request, request.reduce_groups);
}

absl::StatusOr<Program> CompileForwardOnly(const CompileRequest& request) {
  BATON_ASSIGN_OR_RETURN(const ComputeOrder order,
                         MakeOrder(request.schedule, {request.num_stages, request.num_micro_batches,
                                                      request.chunks_per_device, request.micro_batch_group}));
  return LowerAndProve(ForwardOnly(order), request, {});
}

}  // namespace baton
