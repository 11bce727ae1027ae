// The stage modules of a job: one for each replica of each chunk, with real layers. Used by training sessions.
//
//   BATON_ASSIGN_OR_RETURN(auto modules, StageModules::Create(backend, plan, program, {}, batches, devices));
//   options.modules = modules->Pointers();                       // ExecutorOptions
//   BATON_RETURN_IF_ERROR(modules->Bind(*executor, devices));    // then the parameters are filled
//   BATON_RETURN_IF_ERROR(modules->RoundWorkingCopies());
#ifndef BATON_RUNTIME_TRAIN_STAGE_MODULES_H_
#define BATON_RUNTIME_TRAIN_STAGE_MODULES_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/backend.h"
#include "ops/optimizer/optimizer.h"
#include "runtime/device/device.h"
#include "runtime/execute/executor.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/batch_source.h"
#include "runtime/train/layer_stage_module.h"
#include "runtime/train/nonfinite.h"
#include "runtime/train/parameter_state.h"
#include "runtime/transport/member_meeting.h"
#include "schedules/program/program.h"

namespace baton {

// Thread contract: the launching thread; Stage also while a step runs that uses the other staging memory. Borrows
// everything that it is made from. The same modules serve the training program and the evaluation program.
class StageModules {
 public:
  // Builds the layers of each chunk whose device is not null: the others are in other processes. `smaller`: programs
  // for batches with fewer micro-batches, on the same placement. Errors: InvalidArgument for layers that do not fit
  // each other.
  static absl::StatusOr<std::unique_ptr<StageModules>> Create(const Backend& backend, const JobPlan& plan,
                                                              const Program& program,
                                                              absl::Span<const std::shared_ptr<const Program>> smaller,
                                                              const BatchSource& source,
                                                              absl::Span<Device* const> devices);

  // Adds the layers of another model with the same split and parameters, for inputs of another shape, to the modules.
  // Models have numbers from 0, in the order of calls. Errors: as Create.
  absl::Status AddModel(const Backend& backend, const JobPlan& plan);
  // The next steps run the layers of an added model, or those of Create (-1).
  void UseModel(int model);

  // The modules are those of member `member` of tensor-parallel groups: meetings[device] is the group of a device of
  // this process. Call before Bind.
  void JoinMembers(absl::Span<const std::unique_ptr<MemberMeeting>> meetings, int member);
  // The modules of another member, which computes the same steps: what is set here is set there too, from UseModel to
  // EndExamination. Not owned.
  void AddMember(StageModules* other) { others_.push_back(other); }

  // As ExecutorOptions::modules.
  std::vector<StageModule*> Pointers() const;
  // Binds each module to its memory. `executor` runs the training program on `devices`.
  absl::Status Bind(const Executor& executor, absl::Span<Device* const> devices);
  // The parameters and moments of each replica, without memory for those of other processes. Bind first.
  const std::vector<ReplicaParameters>& parameters() const { return parameters_; }
  // See LayerStageModule::RoundWorkingCopies.
  absl::Status RoundWorkingCopies();

  // Chooses the program of the next steps: that of the whole batch (-1), or one of `smaller`.
  void UseProgram(int smaller);
  // Sets what the next step does; see LayerStageModule::BeginStep.
  void BeginStep(const UpdateControl& update, const StepContext& step);
  // See LayerStageModule::BeginEvaluation.
  void BeginEvaluation();
  // See LayerStageModule::set_stop. With other members, here or elsewhere, a step goes on to its end.
  void SetStop(const std::atomic<bool>* stop);
  // Sets which staging memory the next step loads from; see LayerStageModule.
  void SetStaging(int staging);
  // Fills the staging memory of what `program` loads from the batch source.
  void Stage(const Program& program, int staging);

  // The losses of those micro-batches of the batch that ran last whose last chunk is here, ascending: each is a sum
  // over rows, divided by the rows of the batch. All members of a group have the same losses; member 0 alone returns
  // them.
  std::vector<double> Losses() const;
  // Their sum: the mean loss over the rows of the batch, in a run of one process.
  double Loss() const;
  // The output of a model without loss, by a program with one micro-batch; see LayerStageModule::output. Null before
  // any step.
  const std::byte* Output() const;
  // The L2 norm over all gradients of the last training step, before clipping.
  double GradientNorm() const { return FirstHere().gradient_norm(); }

  // The training steps between the two run by instructions, leave all parameters as they are and find where the
  // numbers of the last one first stopped being finite.
  void BeginExamination();
  NonfiniteOrigin EndExamination();

 private:
  StageModules(const Program& program, absl::Span<const std::shared_ptr<const Program>> smaller)
      : program_(program), smaller_(smaller.begin(), smaller.end()), current_(&program) {}

  const LayerStageModule& FirstHere() const;
  // The module that runs the last chunk for a micro-batch; null: in another process.
  const LayerStageModule* LossModule(int micro_batch) const;
  // Calls a function with each module that is here, and with those of the other members.
  template <typename Function>
  void ForEach(const Function& function) const {
    for (const auto& module : modules_) {
      if (module != nullptr) function(*module);
    }
    for (const StageModules* other : others_) other->ForEach(function);
  }

  const Program& program_;  // of training, with the whole batch
  const std::vector<std::shared_ptr<const Program>> smaller_;
  const Program* current_;                                  // of the last step
  std::vector<std::unique_ptr<LayerStageModule>> modules_;  // as ChunkPlacement::replicas(); null: in another process
  std::vector<ReplicaParameters> parameters_;               // likewise
  int member_ = 0;
  bool has_members_ = false;           // is one of several
  std::vector<StageModules*> others_;  // of the other members
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_STAGE_MODULES_H_
