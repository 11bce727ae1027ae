// Makes the parts of each member in order, and hands errors to all.
#include "runtime/train/member_team.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/train/run_executor.h"
#include "runtime/transport/peer.h"

namespace baton {
namespace {

// Members exchange buffers of equal sizes, at the offsets of one program.
absl::Status CheckSameLayout(const ParameterLayout& first, const ParameterLayout& other, int member) {
  bool same = first.num_parameters() == other.num_parameters() && first.num_chunks() == other.num_chunks();
  for (int chunk = 0; same && chunk < first.num_chunks(); ++chunk) {
    same = first.ParameterBytes(chunk) == other.ParameterBytes(chunk) &&
           first.OptimizerBytes(chunk) == other.OptimizerBytes(chunk);
  }
  for (int i = 0; same && i < first.num_parameters(); ++i) {
    same = first.parameters()[i].name == other.parameters()[i].name &&
           first.parameters()[i].shape == other.parameters()[i].shape;
  }
  if (same) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("parallel.tensor: member ", member, " has parameters of other names or shapes than member 0"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MemberTeam>> MemberTeam::Create(const proto::Job& job, const Backend& backend,
                                                               const JobPlan& plan,
                                                               std::shared_ptr<const Program> program,
                                                               absl::Span<const std::shared_ptr<const Program>> smaller,
                                                               const BatchSource& source, Control& control,
                                                               StageModules& first) {
  const int num_members = job.parallel().tensor();
  std::unique_ptr<MemberTeam> team(new MemberTeam(control));
  for (int device = 0; device < program->num_devices(); ++device) {
    team->meetings_.push_back(std::make_unique<MemberMeeting>(num_members));
  }
  first.JoinMembers(team->meetings_, 0);
  for (int index = 1; index < num_members; ++index) {
    BATON_ASSIGN_OR_RETURN(auto member, team->MakeMember(job, backend, index, plan, program, smaller, source));
    first.AddMember(member->modules.get());
    team->others_.push_back(std::move(member));
  }
  return team;
}

absl::StatusOr<std::unique_ptr<MemberTeam::Member>> MemberTeam::MakeMember(
    const proto::Job& job, const Backend& backend, int index, const JobPlan& first,
    std::shared_ptr<const Program> program, absl::Span<const std::shared_ptr<const Program>> smaller,
    const BatchSource& source) {
  auto member = std::make_unique<Member>();
  BATON_ASSIGN_OR_RETURN(member->plan, PlanMember(backend, job, first, index));
  BATON_RETURN_IF_ERROR(CheckSameLayout(first.layout, member->plan.layout, index));
  BATON_ASSIGN_OR_RETURN(member->devices,
                         RunDevices::Create(job.devices(), program->num_devices(), job.parallel().tensor(), control_));
  ExecutorOptions options;
  options.devices = member->devices->Pointers();
  BATON_ASSIGN_OR_RETURN(member->modules,
                         StageModules::Create(backend, member->plan, *program, smaller, source, options.devices));
  member->modules->JoinMembers(meetings_, index);
  options.modules = member->modules->Pointers();
  options.transport = &member->devices->transport();
  options.on_error = [this](const absl::Status& status) { FailEverywhere(status); };
  if (control_.size() > 1) options.watchdog_timeout_ms = kNoWatchdogMs;
  BATON_ASSIGN_OR_RETURN(member->executor, Executor::Create(std::move(program), std::move(options)));
  BATON_RETURN_IF_ERROR(member->modules->Bind(*member->executor, member->devices->Pointers()));
  return member;
}

std::vector<Executor*> MemberTeam::executors() const {
  std::vector<Executor*> executors;
  for (const std::unique_ptr<Member>& member : others_) executors.push_back(member->executor.get());
  return executors;
}

void MemberTeam::Fail(const absl::Status& status) {
  for (const std::unique_ptr<MemberMeeting>& meeting : meetings_) meeting->Cancel();
  for (const std::unique_ptr<Member>& member : others_) member->executor->Cancel(status);
  if (Executor* const leader = leader_) leader->Cancel(status);
  for (const std::unique_ptr<Member>& member : others_) {
    if (ProcessTransport* const processes = member->devices->processes()) processes->Abort(status);
  }
}

void MemberTeam::FailEverywhere(const absl::Status& status) {
  Fail(status);
  if (control_.size() > 1) control_.Abort(status, PeerOf(status));
}

absl::Status MemberTeam::AwaitConnected() {
  for (const std::unique_ptr<Member>& member : others_) {
    if (ProcessTransport* const processes = member->devices->processes()) {
      BATON_RETURN_IF_ERROR(processes->AwaitConnected());
    }
  }
  return absl::OkStatus();
}

void MemberTeam::AppendParameters(std::vector<const ParameterLayout*>& layouts,
                                  std::vector<ReplicaParameters>& replicas) const {
  for (const std::unique_ptr<Member>& member : others_) {
    layouts.push_back(&member->plan.layout);
    const std::vector<ReplicaParameters>& own = member->modules->parameters();
    replicas.insert(replicas.end(), own.begin(), own.end());
  }
}

}  // namespace baton
