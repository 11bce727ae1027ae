// The members of tensor-parallel groups that are in this process, besides the first of them: each has a part of the
// model, devices and an executor of its own that runs the program of the first. Members of a group may be in several
// processes, which then exchange over a transport of their own. Used by training sessions.
//
//   const MemberTeamParts first = {&plan, program, smaller, &batches, devices.get(), modules.get(), members_here};
//   BATON_ASSIGN_OR_RETURN(auto team, MemberTeam::Create(job, backend, first, control));
//   options.followers = team->executors();                       // ExecutorOptions of the first member
//   options.turns = &team->turns();
//   options.on_error = [&](const absl::Status& status) { team->Fail(status); };
//   BATON_ASSIGN_OR_RETURN(executor, Executor::Create(program, options));
//   team->SetLeader(executor.get());
//
// Two members of two stages: a step of one program runs twice, and the passes meet for sums.
//
//   member 0   device 0 ── Send ─▶ device 1        executor of member 0
//                 ┊ sums              ┊ sums
//   member 1   device 0 ── Send ─▶ device 1        its follower, or the executor of another process
//
// Why it cannot deadlock: a step of one member ends, which is proven, and so its instructions have an order in which
// each only needs earlier ones. Members need each other in computing instructions alone, for the same instruction of
// the same device. So the instructions of all members can end in that order.
#ifndef BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_
#define BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "ops/backend.h"
#include "ops/layers/parameter_layout.h"
#include "proto/job.pb.h"
#include "runtime/execute/executor.h"
#include "runtime/planning/deal_devices.h"
#include "runtime/planning/plan_job.h"
#include "runtime/process/control.h"
#include "runtime/train/batch_source.h"
#include "runtime/train/parameter_state.h"
#include "runtime/train/process_transport.h"
#include "runtime/train/run_devices.h"
#include "runtime/train/stage_modules.h"
#include "runtime/transport/local/local_transport.h"
#include "runtime/transport/member_meeting.h"
#include "runtime/transport/member_turns.h"
#include "schedules/program/program.h"

namespace baton {

// The parts of the first member here. They are borrowed, except for the programs.
struct MemberTeamParts {
  const JobPlan* plan = nullptr;
  std::shared_ptr<const Program> program;
  absl::Span<const std::shared_ptr<const Program>> smaller;
  const BatchSource* source = nullptr;
  const RunDevices* devices = nullptr;
  StageModules* modules = nullptr;  // joined to the groups by Create; not yet bound
  DealtMembers here;
};

// Thread contract: the launching thread, but Fail by any. Borrows everything that it is made from; must outlive the
// executor of the first member.
class MemberTeam {
 public:
  // `job` has parallel.tensor of at least 2. Starts the followers and fills nothing. Errors: those of planning,
  // devices, meetings and executors. All processes of a run call it at the same time.
  static absl::StatusOr<std::unique_ptr<MemberTeam>> Create(const proto::Job& job, const Backend& backend,
                                                            const MemberTeamParts& first, Control& control);

  std::vector<Executor*> executors() const;
  MemberTurns& turns() { return turns_; }
  // The executor of the first member; null before it ends.
  void SetLeader(Executor* executor) {
    MutexLock lock(&leader_mutex_);
    leader_ = executor;
  }
  // Ends the running step of all members here, or the next one, with `status` (not OK).
  void Fail(const absl::Status& status);
  // Returns when the members are connected with those of other processes. Errors: those of ProcessTransport.
  absl::Status AwaitConnected();

  // The layouts of all members of a group, wherever they are: [member].
  const std::vector<const ParameterLayout*>& Layouts() const { return layouts_; }
  // Appends the memory of the followers' replicas.
  void AppendParameters(std::vector<ReplicaParameters>& replicas) const;
  // all ← `bytes` bytes of each member of the one group here, which other processes have members of too. own: those of
  // the members here. All processes of the group call it at the same time, while no step runs. Errors: Cancelled if
  // another one has failed.
  absl::Status GatherSlices(Bytes bytes, const std::byte* own, std::byte* all);
  ~MemberTeam();

 private:
  struct Member {
    JobPlan plan;
    std::unique_ptr<RunDevices> devices;
    std::unique_ptr<StageModules> modules;
    std::unique_ptr<Executor> executor;
  };

  MemberTeam(Control& control, const DealtMembers& here) : control_(control), here_(here) {}
  // Ends the step here and tells the other processes.
  void FailEverywhere(const absl::Status& status);
  absl::Status MakeMeetings(const proto::Devices& devices, const MemberTeamParts& first);
  // The meetings of groups whose members are in several processes.
  absl::Status MakeMeetingsOfProcesses(const MemberTeamParts& first);
  // Makes the layouts of all members. Errors: Internal if they differ in more than slices.
  absl::Status CompareLayouts(const proto::Job& job, const Backend& backend, const MemberTeamParts& first);
  // Adds modules and executor to a member that has devices.
  absl::Status Complete(const proto::Job& job, const Backend& backend, const MemberTeamParts& first, int index,
                        Member& member);

  Control& control_;
  const DealtMembers here_;
  MemberTurns turns_;
  // Between processes that have members of one group. Null if each has all members.
  std::unique_ptr<LocalTransport> no_transport_;
  std::unique_ptr<ProcessTransport> processes_;
  std::vector<std::unique_ptr<MemberMeeting>> meetings_;  // [device]; null: in another process
  std::vector<std::unique_ptr<Member>> others_;           // that are here, behind the first
  std::vector<std::unique_ptr<ParameterLayout>> layouts_elsewhere_;
  std::vector<const ParameterLayout*> layouts_;
  Mutex leader_mutex_;
  Executor* leader_ ABSL_GUARDED_BY(leader_mutex_) = nullptr;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_MEMBER_TEAM_H_
