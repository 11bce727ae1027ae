// Counting arrivals of this process.
#include "runtime/transport/gloo/gloo_collective.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/transport/local/sum_members.h"

namespace baton {

GlooCollective::GlooCollective(GlooCollectiveOptions options)
    : options_(std::move(options)), members_(options_.device_of_member.size()) {
  for (size_t member = 0; member < options_.device_of_member.size(); ++member) {
    if (!options_.member_is_here[member]) continue;
    own_members_.push_back(static_cast<int>(member));
    const int device = options_.device_of_member[member];
    if (std::none_of(participants_.begin(), participants_.end(),
                     [&](const Participant& participant) { return participant.device == device; })) {
      participants_.push_back({device});
    }
  }
  GlooExchangeOptions exchange;
  exchange.own_members = own_members_;
  exchange.own_part = options_.own_part;
  exchange.processes = options_.processes;
  exchange.through_one = options_.through_one;
  exchange.peers = options_.peers;
  exchange_ = std::make_unique<GlooExchange>(std::move(exchange), &doorbell_);
  thread_ = std::thread([this] { Main(); });
}

GlooCollective::~GlooCollective() {
  {
    MutexLock lock(&mutex_);
    stops_ = true;
    changes_.SignalAll();
  }
  doorbell_.Cancel();
  thread_.join();
}

absl::Status GlooCollective::Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                                    Event* started) {
  const Nanos arrived_at = SteadyNow();
  BATON_RETURN_IF_ERROR(exchange_->status());
  MutexLock lock(&mutex_);
  const auto participant = std::find_if(participants_.begin(), participants_.end(),
                                        [&](const Participant& candidate) { return candidate.device == device; });
  const auto expected = participant == participants_.end()
                            ? 0
                            : std::count(options_.device_of_member.begin(), options_.device_of_member.end(), device);
  if (participant == participants_.end() || expected != static_cast<int64_t>(buffers.size())) {
    return absl::InternalError(absl::StrCat("device ", device, " arrives with ", buffers.size(),
                                            " buffers at a sum in which it has ", expected, " members here"));
  }
  if (participant->arrived) return absl::InternalError(absl::StrCat("device ", device, " arrives at a sum twice"));
  *participant = {device, true, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started)};
  size_t next = 0;
  for (size_t member = 0; member < members_.size(); ++member) {
    if (options_.device_of_member[member] == device) members_[member] = buffers[next++];
  }
  last_arrival_ = std::max(last_arrival_, arrived_at);
  if (++num_arrived_ < participants_.size()) return absl::OkStatus();

  for (size_t member = 0; member < members_.size(); ++member) {
    if (!options_.member_is_here[member]) members_[member] = members_[own_members_[0]];  // only its size and type
  }
  BATON_RETURN_IF_ERROR(CheckMembers(members_));
  exchanges_ = true;
  changes_.SignalAll();
  return absl::OkStatus();
}

void GlooCollective::Main() {
  pthread_setname_np(pthread_self(), "baton-sum");
  for (;;) {
    {
      MutexLock lock(&mutex_);
      while (!exchanges_ && !stops_) changes_.Wait(&mutex_);
      if (stops_) return;
    }
    Nanos begun_at = 0;
    const absl::Status status = exchange_->Run(members_, &begun_at);
    MutexLock lock(&mutex_);
    exchanges_ = false;
    if (status.ok()) {
      begun_at = std::max(begun_at, last_arrival_);
      const Nanos end = SteadyNow();
      num_arrived_ = 0;
      last_arrival_ = 0;
      for (Participant& each : participants_) {
        each.arrived = false;
        if (each.started != nullptr) each.started->CompleteAt(begun_at);
        each.done->CompleteAt(end);
      }
    }
    changes_.SignalAll();
  }
}

void GlooCollective::Reset() {
  doorbell_.Cancel();
  {
    MutexLock lock(&mutex_);
    while (exchanges_) changes_.Wait(&mutex_);
    num_arrived_ = 0;
    last_arrival_ = 0;
    for (Participant& participant : participants_) participant.arrived = false;
  }
  exchange_->Withdraw();
  if (exchange_->status().ok()) doorbell_.Resume();
}

}  // namespace baton
