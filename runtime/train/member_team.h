// The members of tensor-parallel groups besides member 0: each has a part of the model, devices and an executor of its
// own that runs the program of member 0. Used by training sessions.
//
//   const MemberTeamParts first = {&plan, program, smaller, &batches, devices->Pointers(), modules.get()};
//   BATON_ASSIGN_OR_RETURN(auto team, MemberTeam::Create(job, backend, first, control));
//   options.followers = team->executors();                       // ExecutorOptions of member 0
//   options.turns = &team->turns();
//   options.on_error = [&](const absl::Status& status) { team->Fail(status); };
//   BATON_ASSIGN_OR_RETURN(executor, Executor::Create(program, options));
//   team->SetLeader(executor.get());
//
// Two members of two stages: a step of one program runs twice, and the passes meet for sums.
//
//   member 0   device 0 ── Send ─▶ device 1        executor of member 0
//                 ┊ sums              ┊ sums
//   member 1   device 0 ── Send ─▶ device 1        its follower
//
// Why it cannot deadlock: a step of one member ends, which is proven, and so its instructions have an order in which
// each only needs earlier ones. Members need each other in computing instructions alone, for the same instruction of
// the same device. So the instructions of all members can end in that order.
#ifndef BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_
#define BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/backend.h"
#include "ops/layers/parameter_layout.h"
#include "proto/job.pb.h"
#include "runtime/execute/executor.h"
#include "runtime/planning/plan_job.h"
#include "runtime/process/control.h"
#include "runtime/train/batch_source.h"
#include "runtime/train/parameter_state.h"
#include "runtime/train/run_devices.h"
#include "runtime/train/stage_modules.h"
#include "runtime/transport/member_meeting.h"
#include "runtime/transport/member_turns.h"
#include "schedules/program/program.h"

namespace baton {

// The parts of member 0. They are borrowed, except for the programs.
struct MemberTeamParts {
  const JobPlan* plan = nullptr;
  std::shared_ptr<const Program> program;
  absl::Span<const std::shared_ptr<const Program>> smaller;
  const BatchSource* source = nullptr;
  std::vector<Device*> devices;     // [device of the program]; null: in another process
  StageModules* modules = nullptr;  // joined to the groups by Create; not yet bound
};

// Thread contract: the launching thread, but Fail by any. Borrows everything that it is made from; must outlive the
// executor of member 0.
class MemberTeam {
 public:
  // `job` has parallel.tensor of at least 2. Starts the followers and fills nothing. Errors: those of planning,
  // devices, meetings and executors. All processes of a run call it at the same time; each has all members of its
  // stages.
  static absl::StatusOr<std::unique_ptr<MemberTeam>> Create(const proto::Job& job, const Backend& backend,
                                                            const MemberTeamParts& first, Control& control);

  std::vector<Executor*> executors() const;
  MemberTurns& turns() { return turns_; }
  void SetLeader(Executor* executor) { leader_ = executor; }
  // Ends the running step of all members here, or the next one, with `status` (not OK).
  void Fail(const absl::Status& status);
  // Returns when the members are connected with those of other processes. Errors: those of ProcessTransport.
  absl::Status AwaitConnected();

  // Appends the layouts of the other members, and the memory of their replicas.
  void AppendParameters(std::vector<const ParameterLayout*>& layouts, std::vector<ReplicaParameters>& replicas) const;

 private:
  struct Member {
    JobPlan plan;
    std::unique_ptr<RunDevices> devices;
    std::unique_ptr<StageModules> modules;
    std::unique_ptr<Executor> executor;
  };

  explicit MemberTeam(Control& control) : control_(control) {}
  // Ends the step here and tells the other processes.
  void FailEverywhere(const absl::Status& status);
  absl::Status MakeMeetings(const proto::Devices& devices, const MemberTeamParts& first);
  // Adds modules and executor to a member that has devices.
  absl::Status Complete(const proto::Job& job, const Backend& backend, const MemberTeamParts& first, int index,
                        Member& member);

  Control& control_;
  MemberTurns turns_;
  std::vector<std::unique_ptr<MemberMeeting>> meetings_;  // [device]; null: in another process
  std::vector<std::unique_ptr<Member>> others_;           // from member 1 on
  std::atomic<Executor*> leader_{nullptr};
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_
