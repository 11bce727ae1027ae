// Compiles the programs and adds up their arenas.
#include "runtime/planning/job_programs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/host/host_memory.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/planning/deal_devices.h"
#include "runtime/planning/exchange_memory.h"
#include "runtime/planning/program_size.h"

namespace baton {

Bytes JobPrograms::EvaluationBytesOf(int device) const {
  return evaluation.has_value() ? evaluation->devices[device].arena_bytes : 0;
}

Bytes JobPrograms::RampBytesOf(int device) const {
  const DeviceProgram& full = training.devices[device];
  Bytes bytes = 0;
  for (const Program& smaller : ramp) {
    const Bytes needed = smaller.devices[device].arena_bytes;
    if (needed > full.arena_bytes - full.workspace_offset) bytes += needed;
  }
  return bytes;
}

Bytes JobPrograms::ExchangeBytesOf(int device) const {
  Bytes bytes = ExchangeBytes(training, rank_of_device, device);
  if (evaluation.has_value()) bytes += ExchangeBytes(*evaluation, rank_of_device, device);
  for (const Program& smaller : ramp) bytes += ExchangeBytes(smaller, rank_of_device, device);
  return bytes;
}

Bytes JobPrograms::BytesOf(int device) const {
  return training.devices[device].arena_bytes + EvaluationBytesOf(device) + RampBytesOf(device) +
         ExchangeBytesOf(device);
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

absl::StatusOr<JobPrograms> CompileJob(const proto::Job& job, const CompileRequest& request, int num_processes) {
  BATON_ASSIGN_OR_RETURN(Program training, Compile(request));
  BATON_ASSIGN_OR_RETURN(JobPrograms programs, AddEvaluation(job, request, std::move(training), num_processes));
  std::vector<int64_t> sizes = BatchSizes(job);
  sizes.pop_back();
  for (const int64_t size : sizes) {
    CompileRequest smaller = request;
    smaller.num_micro_batches = static_cast<int>(size * job.batch().micro_batches() / job.batch().sequences());
    smaller.with_state = false;
    const absl::Status fits = CheckProgramSize(smaller, FreeMemoryBytes());
    absl::StatusOr<Program> program = fits.ok() ? Compile(smaller) : fits;
    if (!program.ok()) {
      return absl::Status(program.status().code(),
                          absl::StrCat("batch.ramp: a batch of ", size, " sequences has ", smaller.num_micro_batches,
                                       " micro-batches: ", program.status().message()));
    }
    programs.ramp.push_back(*std::move(program));
  }
  return programs;
}

absl::StatusOr<JobPrograms> AddEvaluation(const proto::Job& job, const CompileRequest& request, Program training,
                                          int num_processes) {
  JobPrograms programs;
  programs.training = std::move(training);
  if (job.run().evaluate_every() > 0) {
    BATON_ASSIGN_OR_RETURN(programs.evaluation, CompileEvaluation(request));
  }
  const int count = programs.training.num_devices();
  const int tensor = job.parallel().tensor();
  if (num_processes == 0 && count * tensor == job.devices().count()) num_processes = job.devices().per_process_size();
  if (num_processes > 1 && job.devices().backend() == proto::Devices::CUDA) {
    BATON_ASSIGN_OR_RETURN(programs.rank_of_device, DealDevices(job.devices(), tensor, count, num_processes));
  }
  return programs;
}

absl::StatusOr<Program> CompileEvaluation(const CompileRequest& request, bool owns_parameters) {
  CompileRequest forward_only = request;
  ChunkCosts& last = forward_only.costs.chunks.back();
  last.forward_workspace_bytes += AlignUp(last.output_bytes);
  last.output_bytes = 0;
  for (ChunkCosts& chunk : forward_only.costs.chunks) {
    if (!owns_parameters) chunk.parameter_bytes = 0;  // those of another program
    chunk.workspace_bytes = chunk.forward_workspace_bytes;
  }
  return CompileForwardOnly(forward_only);
}

}  // namespace baton
