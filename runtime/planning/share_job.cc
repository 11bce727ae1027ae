// Programs as protobuf messages, and the plan's sizes as text to compare.
#include "runtime/planning/share_job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "proto/prepared_job.pb.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

// Everything of a plan on which the size of a buffer depends.
std::string DescribePlan(const JobPlan& plan) {
  std::string text;
  for (const LayerRange& range : plan.split) absl::StrAppend(&text, range.begin, "-", range.end, " ");
  for (const ChunkCosts& chunk : plan.request.costs.chunks) {
    for (const Bytes bytes :
         {chunk.parameter_bytes, chunk.optimizer_bytes, chunk.input_bytes, chunk.targets_bytes, chunk.output_bytes,
          chunk.saved_bytes, chunk.saved_weight_bytes, chunk.recomputed_bytes, chunk.recomputed_weight_bytes,
          chunk.stash_bytes, chunk.workspace_bytes, chunk.forward_workspace_bytes, Bytes{chunk.gradient_ratio}}) {
      absl::StrAppend(&text, bytes, " ");
    }
  }
  return text;
}

absl::StatusOr<Program> ReadProgram(const proto::Program& message, const TransportModel& transport) {
  BATON_ASSIGN_OR_RETURN(Program program, ProgramFromProto(message));
  ValidateOptions options;
  options.transport = transport;
  BATON_RETURN_IF_ERROR(CheckProgram(program, options));
  return program;
}

}  // namespace

std::string PrintPrepared(const PreparedJob& prepared) {
  proto::PreparedJob message;
  message.set_plan(DescribePlan(prepared.plan));
  *message.mutable_training() = ProgramToProto(prepared.programs.training);
  if (prepared.programs.evaluation.has_value()) {
    *message.mutable_evaluation() = ProgramToProto(*prepared.programs.evaluation);
  }
  for (const Program& smaller : prepared.programs.ramp) *message.add_ramp() = ProgramToProto(smaller);
  return message.SerializeAsString();
}

absl::StatusOr<PreparedJob> ReadPrepared(const Backend& backend, const proto::Job& job, const TransportModel& transport,
                                         const std::string& bytes) {
  proto::PreparedJob message;
  if (!message.ParseFromString(bytes)) return absl::InternalError("rank 0 sent a job that cannot be read");
  PreparedJob prepared;
  BATON_ASSIGN_OR_RETURN(prepared.plan, PlanJob(backend, job));
  prepared.plan.request.transport = transport;
  if (DescribePlan(prepared.plan) != message.plan()) {
    return absl::FailedPreconditionError(
        "this process plans buffers of other sizes than rank 0: all processes must run on processors with the same "
        "instruction sets and with the same libraries");
  }
  BATON_ASSIGN_OR_RETURN(prepared.programs.training, ReadProgram(message.training(), transport));
  if (message.has_evaluation()) {
    BATON_ASSIGN_OR_RETURN(prepared.programs.evaluation, ReadProgram(message.evaluation(), transport));
  }
  for (const proto::Program& smaller : message.ramp()) {
    BATON_ASSIGN_OR_RETURN(Program program, ReadProgram(smaller, transport));
    prepared.programs.ramp.push_back(std::move(program));
  }
  return prepared;
}

}  // namespace baton
