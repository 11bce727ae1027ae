// A model made ready for forward passes: devices, executor, and the parameters alone, without gradients and optimizer.
// Used by generation and by evaluations outside of training.
//
//   BATON_ASSIGN_OR_RETURN(const auto session, ForwardSession::Create(job, ModelOfJob(job).value(), &source));
//   BATON_RETURN_IF_ERROR(session->executor().RunStep(nullptr));
//   const double loss = session->modules().Loss();
#ifndef BATON_RUNTIME_INFERENCE_FORWARD_SESSION_H_
#define BATON_RUNTIME_INFERENCE_FORWARD_SESSION_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "proto/job.pb.h"
#include "runtime/execute/executor.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/batch_source.h"
#include "runtime/train/stage_modules.h"
#include "schedules/program/program.h"

namespace baton {

// A forward-only program, and the layers that it runs.
struct ForwardProgram {
  std::shared_ptr<const Program> program;
  ProgramHandle handle;  // in the executor
  int model = -1;        // for StageModules::UseModel
};

// `job` as inference runs it: without recomputation and dropout, in one replica, and in FLOAT32 if it was trained in
// BF16, since it is the optimizer that rounds parameters to 16 bits.
proto::Job ForwardJob(proto::Job job);

// The same for logits: a batch of `sequences` in one piece, through one chunk on each device, with the model's longest
// context. With a single micro-batch all schedules are the same. `trained`: resolved, as the result. Errors: those of
// ResolveJob.
absl::StatusOr<proto::Job> LogitsJob(const proto::Job& trained, int64_t sequences);

// Thread contract: one thread at a time. Owns all but the batch source; destruction joins the workers.
class ForwardSession {
 public:
  // `job`: resolved, from ForwardJob; its run.initial_weights, or else its seed, gives the parameters. `model`: that of
  // the job, possibly without loss or for other shapes. `source`: borrowed; gives the batches of all programs, and now
  // says the largest sizes that it will have. Errors: as TrainingSession::Create.
  static absl::StatusOr<std::unique_ptr<ForwardSession>> Create(const proto::Job& job, ModelSpec model,
                                                                const BatchSource* source);

  // Adds a program for other shapes of the same model; it has an arena of its own. Errors: as Create.
  absl::StatusOr<ForwardProgram> Add(ModelSpec model);

  const ForwardProgram& first() const { return first_; }
  const JobPlan& plan() const { return plan_; }  // of the first program
  Executor& executor() { return *executor_; }
  StageModules& modules() { return *modules_; }
  // The device of the last chunk.
  Device& last_device();

 private:
  ForwardSession() = default;

  proto::Job job_;
  std::unique_ptr<Backend> backend_;
  JobPlan plan_;
  ForwardProgram first_;
  int num_added_ = 0;
  std::unique_ptr<StageModules> modules_;
  JobDevices devices_;
  std::unique_ptr<Executor> executor_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_FORWARD_SESSION_H_
