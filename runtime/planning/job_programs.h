// The programs that a job runs: training steps, and evaluations if the job asks for them. Used by training sessions and
// by the commands that check memory.
//
//   BATON_ASSIGN_OR_RETURN(JobPlan plan, PlanJob(backend, job));
//   BATON_ASSIGN_OR_RETURN(JobPrograms programs, CompileJob(job, plan.request));
//   const Bytes most = programs.BytesOf(programs.FullestDevice());
#ifndef BATON_RUNTIME_PLANNING_JOB_PROGRAMS_H_
#define BATON_RUNTIME_PLANNING_JOB_PROGRAMS_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "proto/job.pb.h"
#include "schedules/compile/compile.h"
#include "schedules/program/program.h"

namespace baton {

struct JobPrograms {
  Program training;
  // Set if run.evaluate_every > 0. It has an arena of its own, but shares the parameters of `training`.
  std::optional<Program> evaluation;
  // The steps with smaller batches, as BatchSizes but for the last one; empty without batch.ramp. They share the
  // parameters, gradients and optimizer state of `training`, and its slots where these suffice.
  std::vector<Program> ramp;
  // See DealDevices. Empty if the job runs in one process, or not on GPUs.
  std::vector<int> rank_of_device;

  // The bytes that one device needs: arenas, and memory for sums with other processes.
  Bytes BytesOf(int device) const;
  Bytes EvaluationBytesOf(int device) const;  // 0 without an evaluation
  Bytes RampBytesOf(int device) const;        // 0 if all of `ramp` have room in the slots of `training`
  Bytes ExchangeBytesOf(int device) const;    // of all programs; see ExchangeBytes
  Bytes TotalBytes() const;                   // of all devices
  // The device that needs the most; the first of equals.
  int FullestDevice() const;
};

// Errors of the three: as Compile; CompileJob names batch.ramp and the size if a smaller batch does not compile, or if
// its micro-batches run on other replicas of chunks; those of DealDevices. `num_processes`: of the run; 0: as many as
// devices.per_process names, one without it.
absl::StatusOr<JobPrograms> CompileJob(const proto::Job& job, const CompileRequest& request, int num_processes = 0);
// The same for a training program that the caller has compiled by `request`.
absl::StatusOr<JobPrograms> AddEvaluation(const proto::Job& job, const CompileRequest& request, Program training,
                                          int num_processes = 0);
// Forwards alone, with a workspace that suffices for forwards. `owns_parameters`: its arena has the parameters;
// otherwise it has no permanent memory. A last chunk with an output (a model without loss) has it in its workspace, in
// front of what its layers need.
absl::StatusOr<Program> CompileEvaluation(const CompileRequest& request, bool owns_parameters = false);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_JOB_PROGRAMS_H_
