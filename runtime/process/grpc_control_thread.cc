// The control thread, and the events of streams that wake it.
#include <pthread.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "runtime/process/grpc_control.h"

namespace baton {
namespace {

constexpr absl::Duration kRedial = absl::Milliseconds(50);

}  // namespace

LeaderEvents GrpcControl::MakeLeaderEvents() {
  LeaderEvents events;
  events.opened = [this](int64_t stream) {
    MutexLock lock(&mutex_);
    leader_->Opened(stream, ControlNow());
  };
  events.received = [this](int64_t stream, const proto::FromProcess& message) {
    MutexLock lock(&mutex_);
    leader_->Received(stream, message, ControlNow());
    Wake();
  };
  events.closed = [this](int64_t stream) {
    MutexLock lock(&mutex_);
    leader_->Closed(stream, ControlNow());
    Wake();
  };
  return events;
}

void GrpcControl::Dial() {
  redial_at_ = absl::Now() + kRedial;
  LeaderClientEvents events;
  events.received = [this](const proto::FromLeader& message) {
    MutexLock lock(&mutex_);
    member_.Received(message, ControlNow());
    Wake();
  };
  events.ended = [this] {
    MutexLock lock(&mutex_);
    stream_ended_ = true;
    Wake();
  };
  client_ = LeaderClient::Create(leader_address_, options_.token, std::move(events));
  MutexLock lock(&mutex_);
  connected_ = true;
  member_.Connected(ControlNow());
  work_ = true;
}

bool GrpcControl::HasEnded() const {
  if (!closing_) return false;
  if (absl::Now() >= close_by_) return true;
  return !connected_ && (!leader_.has_value() || leader_->AllLeft());
}

void GrpcControl::Run() {
  // As top -H and tools/bench/control_plane show it.
  pthread_setname_np(pthread_self(), "baton-control");
  bool notified = false;
  while (true) {
    std::vector<LeaderAction> actions;
    std::vector<std::shared_ptr<const proto::FromProcess>> messages;
    bool ended = false, dial = false, drop = false;
    std::optional<absl::Status> failure;
    {
      MutexLock lock(&mutex_);
      const bool often = closing_ || member_.phase() == MemberState::Phase::kJoining;
      if (!work_) changed_.WaitWithTimeout(&mutex_, often ? std::min(tick_, kRedial) : tick_);
      work_ = false;
      if (leader_.has_value()) {
        leader_->Tick(ControlNow());
        actions = leader_->TakeActions();
      }
      member_.Tick(ControlNow());
      messages = member_.TakeMessages();
      ended = std::exchange(stream_ended_, false);
      // Later messages interest nobody after the first failure, so the stream ends.
      drop = member_.phase() == MemberState::Phase::kFailed && connected_;
      dial = member_.phase() == MemberState::Phase::kJoining && !connected_ && absl::Now() >= redial_at_;
      // Before the welcome the caller of Create learns of it.
      const bool failed = member_.phase() == MemberState::Phase::kFailed && !member_.members().empty();
      if (failed && !notified) failure = StatusLocked();
      if (HasEnded()) break;
      changed_.SignalAll();
    }
    for (LeaderAction& action : actions) {
      if (action.message == nullptr) {
        server_->Close(action.stream, action.refusal);
      } else {
        server_->Send(action.stream, std::move(action.message));
      }
    }
    if (client_ != nullptr) {
      for (auto& message : messages) client_->Send(std::move(message));
    }
    if (ended || drop) {
      const std::string refusal = ended && client_ != nullptr ? client_->End() : "";
      client_ = nullptr;
      MutexLock lock(&mutex_);
      connected_ = false;
      stream_ended_ = false;
      member_.Disconnected(refusal, ControlNow());
      Wake();
    }
    if (dial) Dial();
    if (failure.has_value()) {
      notified = true;
      MutexLock lock(&handler_mutex_);
      handled_ = *failure;
      if (on_failure_) on_failure_(*failure);
    }
  }
  client_ = nullptr;
}

}  // namespace baton
