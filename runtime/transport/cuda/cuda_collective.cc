// Counting arrivals, and enqueuing the sum.
#include "runtime/transport/cuda/cuda_collective.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/device/cuda/cuda_stream.h"
#include "runtime/transport/cuda/sum_members.h"

namespace baton {
namespace {

cudaStream_t Native(Stream& stream) { return static_cast<CudaStream&>(stream).stream(); }

class WithinProcess final : public CudaSum {
 public:
  absl::Status Add(absl::Span<const ReduceBuffer> members, Stream& stream) override {
    return SumMembers(members, stream);
  }
};

}  // namespace

std::unique_ptr<CudaSum> SumWithinProcess() { return std::make_unique<WithinProcess>(); }

absl::StatusOr<std::unique_ptr<CudaCollective>> CudaCollective::Create(std::vector<CudaDevice*> device_of_member,
                                                                       std::unique_ptr<CudaSum> sum) {
  std::unique_ptr<CudaCollective> collective(new CudaCollective);
  MutexLock lock(&collective->mutex_);
  for (CudaDevice* device : device_of_member) {
    std::vector<Participant>& participants = collective->participants_;
    if (device == nullptr || std::any_of(participants.begin(), participants.end(), [&](const Participant& participant) {
          return participant.device == device;
        })) {
      continue;
    }
    Participant participant;
    participant.device = device;
    BATON_ASSIGN_OR_RETURN(participant.stream, device->CreateStream());
    participant.ready = device->CreateEvent();
    participants.push_back(std::move(participant));
  }
  if (collective->participants_.empty()) return absl::InvalidArgumentError("a sum without members in this process");
  collective->summed_ = collective->participants_[0].device->CreateEvent();
  collective->sum_ = std::move(sum);
  collective->members_.resize(device_of_member.size());
  collective->device_of_member_ = std::move(device_of_member);
  return collective;
}

absl::Status CudaCollective::Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                                    Event* started) {
  MutexLock lock(&mutex_);
  auto participant = std::find_if(participants_.begin(), participants_.end(),
                                  [&](const Participant& candidate) { return candidate.device->index() == device; });
  int64_t expected = 0;
  for (size_t member = 0; member < members_.size(); ++member) expected += IsOn(member, device) ? 1 : 0;
  if (participant == participants_.end() || expected != static_cast<int64_t>(buffers.size())) {
    return absl::InternalError(absl::StrCat("device ", device, " arrives with ", buffers.size(),
                                            " buffers at a sum in which it has ", expected, " members"));
  }
  if (participant->arrived) return absl::InternalError(absl::StrCat("device ", device, " arrives at a sum twice"));
  participant->arrived = true;
  participant->done = static_cast<CudaEvent*>(&done);
  participant->started = static_cast<CudaEvent*>(started);
  BATON_RETURN_IF_ERROR(static_cast<CudaEvent&>(*participant->ready).RecordOn(Native(stream)));
  size_t next = 0;
  for (size_t member = 0; member < members_.size(); ++member) {
    if (IsOn(member, device)) members_[member] = buffers[next++];
  }
  if (++num_arrived_ < participants_.size()) return absl::OkStatus();
  num_arrived_ = 0;
  for (Participant& each : participants_) each.arrived = false;
  for (size_t member = 0; member < members_.size(); ++member) {
    if (device_of_member_[member] != nullptr) continue;
    members_[member] = buffers[0];  // its size and type
    members_[member].data = nullptr;
  }
  const absl::Status added = Add();
  // The sum may have made another GPU current than the caller's.
  const absl::Status restored = participant->device->MakeCurrent();
  return added.ok() ? restored : added;
}

absl::Status CudaCollective::Add() {
  for (const Participant& participant : participants_) {
    for (const Participant& other : participants_) {
      BATON_RETURN_IF_ERROR(static_cast<CudaEvent&>(*other.ready).MakeWait(Native(*participant.stream)));
    }
    if (participant.started != nullptr) {
      BATON_RETURN_IF_ERROR(participant.started->RecordOn(Native(*participant.stream)));
    }
  }
  auto& summed = static_cast<CudaEvent&>(*summed_);
  BATON_RETURN_IF_ERROR(participants_[0].device->MakeCurrent());
  BATON_RETURN_IF_ERROR(sum_->Add(members_, *participants_[0].stream));
  BATON_RETURN_IF_ERROR(summed.RecordOn(Native(*participants_[0].stream)));
  for (const Participant& participant : participants_) {
    BATON_RETURN_IF_ERROR(summed.MakeWait(Native(*participant.stream)));
    BATON_RETURN_IF_ERROR(participant.done->RecordOn(Native(*participant.stream)));
  }
  for (const Participant& participant : participants_) {
    if (participant.started != nullptr) participant.started->Post();
    participant.done->Post();
  }
  return absl::OkStatus();
}

void CudaCollective::Reset() {
  sum_->Reset();
  MutexLock lock(&mutex_);
  num_arrived_ = 0;
  for (Participant& participant : participants_) participant.arrived = false;
}

}  // namespace baton
