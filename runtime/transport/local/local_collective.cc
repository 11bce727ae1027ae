// Counting arrivals, and the sum in the order of the members.
#include "runtime/transport/local/local_collective.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"

namespace baton {
namespace {

// Every member's element ← the sum over the members, added from the first to the last: a fixed order, so that the
// result does not depend on who arrives when.
// In blocks that stay in the first cache.
template <typename Element>
void AddElements(absl::Span<const ReduceBuffer> members) {
  constexpr int64_t kBlock = 1024;
  Element sums[kBlock];
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(Element));
  for (int64_t begin = 0; begin < num_elements; begin += kBlock) {
    const int64_t count = std::min(kBlock, num_elements - begin);
    const auto* first = reinterpret_cast<const Element*>(members[0].data) + begin;
    std::copy(first, first + count, sums);
    for (const ReduceBuffer& member : members.subspan(1)) {
      const auto* values = reinterpret_cast<const Element*>(member.data) + begin;
      for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
    }
    for (const ReduceBuffer& member : members) {
      std::copy(sums, sums + count, reinterpret_cast<Element*>(member.data) + begin);
    }
  }
}

}  // namespace

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
  const ReduceBuffer& first = members_[0];
  for (const ReduceBuffer& member : members_) {
    if (member.bytes != first.bytes || member.is_double != first.is_double) {
      return absl::InternalError(absl::StrCat("a sum of ", first.bytes, " bytes of ", first.is_double ? "f64" : "f32",
                                              " got ", member.bytes, " bytes of ", member.is_double ? "f64" : "f32"));
    }
  }
  const Bytes element_bytes = first.is_double ? sizeof(double) : sizeof(float);
  if (first.bytes % element_bytes != 0) {
    return absl::InternalError(
        absl::StrCat("a sum of ", first.bytes, " bytes, not a multiple of its element's ", element_bytes));
  }
  if (!adds_) return absl::OkStatus();
  if (first.is_double) {
    AddElements<double>(members_);
  } else {
    AddElements<float>(members_);
  }
  return absl::OkStatus();
}

void LocalCollective::Reset() {
  MutexLock lock(&mutex_);
  num_arrived_ = 0;
  last_arrival_ = 0;
  for (Participant& participant : participants_) participant.arrived = false;
}

}  // namespace baton
