// Makes the parts of each member in order, and hands errors to all.
#include "runtime/train/member_team.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/machine/devices.h"
#include "runtime/train/run_executor.h"
#include "runtime/transport/gloo/gloo_member_meeting.h"
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
                                                               const MemberTeamParts& first, Control& control) {
  const int num_members = job.parallel().tensor();
  std::unique_ptr<MemberTeam> team(new MemberTeam(control, first.here));
  const int end = first.here.first + first.here.count;
  for (int index = first.here.first + 1; index < end; ++index) {
    auto member = std::make_unique<Member>();
    BATON_ASSIGN_OR_RETURN(member->devices, RunDevices::Create(job.devices(), first.program->num_devices(),
                                                               {num_members, index}, control));
    team->others_.push_back(std::move(member));
  }
  BATON_RETURN_IF_ERROR(first.here.count < num_members ? team->MakeMeetingsOfProcesses(first)
                                                       : team->MakeMeetings(job.devices(), first));
  first.modules->JoinMembers(team->meetings_, first.here.first);
  for (int index = first.here.first + 1; index < end; ++index) {
    Member& member = *team->others_[index - first.here.first - 1];
    BATON_RETURN_IF_ERROR(team->Complete(job, backend, first, index, member));
    first.modules->AddMember(member.modules.get());
  }
  BATON_RETURN_IF_ERROR(team->CompareLayouts(job, backend, first));
  if (team->processes_ != nullptr) {
    team->processes_->transport().SetErrorSink(
        [team = team.get()](const absl::Status& status) { team->FailEverywhere(status); });
  }
  return team;
}

MemberTeam::~MemberTeam() {
  if (processes_ != nullptr) processes_->transport().SetErrorSink(nullptr);
}

absl::Status MemberTeam::MakeMeetings(const proto::Devices& devices, const MemberTeamParts& first) {
  const std::vector<Device*> first_devices = first.devices->Pointers();
  for (size_t device = 0; device < first_devices.size(); ++device) {
    std::unique_ptr<MemberMeeting>& meeting = meetings_.emplace_back();
    if (first_devices[device] == nullptr) continue;
    std::vector<Device*> members = {first_devices[device]};
    for (const std::unique_ptr<Member>& other : others_) members.push_back(other->devices->Pointers()[device]);
    BATON_ASSIGN_OR_RETURN(meeting, MakeMemberMeeting(devices, members));
    meeting->SetTurns(&turns_);
  }
  return absl::OkStatus();
}

absl::Status MemberTeam::MakeMeetingsOfProcesses(const MemberTeamParts& first) {
  std::vector<int> ranks(control_.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  no_transport_ = std::make_unique<LocalTransport>();
  BATON_ASSIGN_OR_RETURN(processes_,
                         ProcessTransport::Create(control_, ranks, no_transport_.get(), /*moves_data=*/true));
  const std::vector<Device*> first_devices = first.devices->Pointers();
  for (size_t device = 0; device < first_devices.size(); ++device) {
    std::unique_ptr<MemberMeeting>& meeting = meetings_.emplace_back();
    if (first_devices[device] == nullptr) continue;
    std::vector<int> rank_of_member;
    for (const std::vector<int>& of_member : first.devices->dealt()) rank_of_member.push_back(of_member[device]);
    BATON_ASSIGN_OR_RETURN(meeting,
                           GlooMemberMeeting::Create(processes_->transport(), rank_of_member, control_.rank()));
    meeting->SetTurns(&turns_);
  }
  return absl::OkStatus();
}

absl::Status MemberTeam::CompareLayouts(const proto::Job& job, const Backend& backend, const MemberTeamParts& first) {
  for (int index = 0; index < job.parallel().tensor(); ++index) {
    const int here = index - here_.first;
    if (here == 0) {
      layouts_.push_back(&first.plan->layout);
    } else if (here > 0 && here < here_.count) {
      layouts_.push_back(&others_[here - 1]->plan.layout);
    } else {
      BATON_ASSIGN_OR_RETURN(JobPlan plan, PlanMember(backend, job, *first.plan, index));
      layouts_elsewhere_.push_back(std::make_unique<ParameterLayout>(std::move(plan.layout)));
      layouts_.push_back(layouts_elsewhere_.back().get());
    }
    BATON_RETURN_IF_ERROR(CheckSameLayout(*layouts_.front(), *layouts_.back(), index));
  }
  return absl::OkStatus();
}

absl::Status MemberTeam::Complete(const proto::Job& job, const Backend& backend, const MemberTeamParts& first,
                                  int index, Member& member) {
  BATON_ASSIGN_OR_RETURN(member.plan, PlanMember(backend, job, *first.plan, index));
  ExecutorOptions options;
  options.devices = member.devices->Pointers();
  BATON_ASSIGN_OR_RETURN(member.modules, StageModules::Create(backend, member.plan, *first.program, first.smaller,
                                                              *first.source, options.devices));
  member.modules->JoinMembers(meetings_, index);
  options.modules = member.modules->Pointers();
  options.transport = &member.devices->transport();
  options.on_error = [this](const absl::Status& status) { FailEverywhere(status); };
  if (control_.size() > 1) options.watchdog_timeout_ms = kNoWatchdogMs;
  BATON_ASSIGN_OR_RETURN(member.executor, Executor::Create(first.program, std::move(options)));
  return member.modules->Bind(*member.executor, member.devices->Pointers());
}

std::vector<Executor*> MemberTeam::executors() const {
  std::vector<Executor*> executors;
  for (const std::unique_ptr<Member>& member : others_) executors.push_back(member->executor.get());
  return executors;
}

void MemberTeam::Fail(const absl::Status& status) {
  for (const std::unique_ptr<Member>& member : others_) {
    if (member->executor != nullptr) member->executor->Cancel(status);  // null while members are made
  }
  {
    MutexLock lock(&leader_mutex_);
    if (leader_ != nullptr) leader_->Cancel(status);
  }
  // Behind the executors: whoever wakes in a meeting with an error of its own finds that `status` came first.
  for (const std::unique_ptr<MemberMeeting>& meeting : meetings_) {
    if (meeting != nullptr) meeting->Cancel();
  }
  for (const std::unique_ptr<Member>& member : others_) {
    if (ProcessTransport* const processes = member->devices->processes()) processes->Abort(status);
  }
  if (processes_ != nullptr) processes_->Abort(status);
}

void MemberTeam::FailEverywhere(const absl::Status& status) {
  Fail(status);
  if (control_.size() > 1) control_.Abort(status, PeerOf(status));
}

absl::Status MemberTeam::AwaitConnected() {
  if (processes_ != nullptr) BATON_RETURN_IF_ERROR(processes_->AwaitConnected());
  for (const std::unique_ptr<Member>& member : others_) {
    if (ProcessTransport* const processes = member->devices->processes()) {
      BATON_RETURN_IF_ERROR(processes->AwaitConnected());
    }
  }
  return absl::OkStatus();
}

absl::Status MemberTeam::GatherSlices(Bytes bytes, const std::byte* own, std::byte* all) {
  const auto here = std::find_if(meetings_.begin(), meetings_.end(), [](const auto& each) { return each != nullptr; });
  return (*here)->GatherBytes(bytes, own, all);
}

void MemberTeam::AppendParameters(std::vector<ReplicaParameters>& replicas) const {
  for (const std::unique_ptr<Member>& member : others_) {
    const std::vector<ReplicaParameters>& own = member->modules->parameters();
    replicas.insert(replicas.end(), own.begin(), own.end());
  }
}

}  // namespace baton
