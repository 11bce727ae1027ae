// Compiles the programs and adds up their arenas.
#include "runtime/planning/job_programs.h"

#include <utility>

#include "base/status.h"

namespace baton {

Bytes JobPrograms::EvaluationBytesOf(int device) const {
  return evaluation.has_value() ? evaluation->devices[device].arena_bytes : 0;
}

Bytes JobPrograms::BytesOf(int device) const {
  return training.devices[device].arena_bytes + EvaluationBytesOf(device);
}

Bytes JobPrograms::TotalBytes() const {
  Bytes total = 0;
  for (int device = 0; device < training.num_devices(); ++device) total += BytesOf(device);
  return total;
}

int JobPrograms::FullestDevice() const {
  int fullest = 0;
  for (int device = 1; device < training.num_devices(); ++device) {
    if (BytesOf(device) > BytesOf(fullest)) fullest = device;
  }
  return fullest;
}

absl::StatusOr<JobPrograms> CompileJob(const proto::Job& job, const CompileRequest& request) {
  BATON_ASSIGN_OR_RETURN(Program training, Compile(request));
  return AddEvaluation(job, request, std::move(training));
}

absl::StatusOr<JobPrograms> AddEvaluation(const proto::Job& job, const CompileRequest& request, Program training) {
  JobPrograms programs;
  programs.training = std::move(training);
  if (job.run().evaluate_every() > 0) {
    BATON_ASSIGN_OR_RETURN(programs.evaluation, CompileEvaluation(request));
  }
  return programs;
}

absl::StatusOr<Program> CompileEvaluation(const CompileRequest& request) {
  CompileRequest forward_only = request;
  for (ChunkCosts& chunk : forward_only.costs.chunks) {
    chunk.parameter_bytes = 0;  // those of the training program
    chunk.workspace_bytes = chunk.forward_workspace_bytes;
  }
  return CompileForwardOnly(forward_only);
}

}  // namespace baton
