// Counting arrivals, and the sum in the order of the members.
#include "runtime/transport/local/local_collective.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/transport/local/sum_members.h"

namespace baton {

LocalCollective::LocalCollective(absl::Span<const int32_t> device_of_member, Nanos latency_ns, bool adds)
    : device_of_member_(device_of_member.begin(), device_of_member.end()),
      latency_ns_(latency_ns),
      adds_(adds),
      members_(device_of_member.size()) {
  for (int32_t device : device_of_member) {
    const bool known = std::any_of(participants_.begin(), participants_.end(),
                                   [&](const Participant& participant) { return participant.device == device; });
    if (!known) participants_.push_back({device});
  }
}

absl::Status LocalCollective::Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                                     Event* started) {
  const Nanos arrived_at = SteadyNow();
  MutexLock lock(&mutex_);
  auto participant = std::find_if(participants_.begin(), participants_.end(),
                                  [&](const Participant& candidate) { return candidate.device == device; });
  const auto expected = std::count(device_of_member_.begin(), device_of_member_.end(), device);
  if (participant == participants_.end() || expected != static_cast<int64_t>(buffers.size())) {
    return absl::InternalError(absl::StrCat("device ", device, " arrives with ", buffers.size(),
                                            " buffers at a sum in which it has ", expected, " members"));
  }
  if (participant->arrived) return absl::InternalError(absl::StrCat("device ", device, " arrives at a sum twice"));
  *participant = {device, true, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started)};
  size_t next = 0;
  for (size_t member = 0; member < members_.size(); ++member) {
    if (device_of_member_[member] == device) members_[member] = buffers[next++];
  }
  last_arrival_ = std::max(last_arrival_, arrived_at);
  if (++num_arrived_ < participants_.size()) return absl::OkStatus();

  // The other devices sleep until their events are done, so that adding under the lock delays nobody.
  BATON_RETURN_IF_ERROR(Add());
  const Nanos begun_at = last_arrival_;
  const Nanos end = std::max(begun_at + latency_ns_, SteadyNow());
  num_arrived_ = 0;
  last_arrival_ = 0;
  for (Participant& each : participants_) {
    each.arrived = false;
    if (each.started != nullptr) each.started->CompleteAt(begun_at);
    each.done->CompleteAt(end);
  }
  return absl::OkStatus();
}

absl::Status LocalCollective::Add() {
  BATON_RETURN_IF_ERROR(CheckMembers(members_));
  if (adds_) SumMembers(members_);
  return absl::OkStatus();
}

void LocalCollective::Reset() {
  MutexLock lock(&mutex_);
  num_arrived_ = 0;
  last_arrival_ = 0;
  for (Participant& participant : participants_) participant.arrived = false;
}

}  // namespace baton
