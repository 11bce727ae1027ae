// Joining, collectives, failures and leaving.
#include "runtime/process/grpc_control.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/failpoint.h"
#include "runtime/process/agreed.h"
#include "runtime/process/parts.h"

namespace baton {
namespace {

// How long a process that ends waits for what it has said to arrive.
constexpr absl::Duration kLinger = absl::Seconds(1);
constexpr absl::Duration kLook = absl::Milliseconds(50);
constexpr absl::Duration kSuspicion = absl::Milliseconds(250);
// Streams of strangers beside those of the processes.
constexpr int kSpareStreams = 64;

}  // namespace

int64_t ControlNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

MemberOptions GrpcControl::MemberOptionsOf(const proto::Hello& hello, const std::string& address,
                                           const ControlOptions& options) {
  MemberOptions member;
  member.self = hello;
  member.leader = address;
  member.join_timeout_ns = absl::ToInt64Nanoseconds(options.join_timeout);
  member.silence_ns = absl::ToInt64Nanoseconds(options.silence);
  member.heartbeat_ns = member.silence_ns / 5;
  return member;
}

LeaderOptions GrpcControl::LeaderOptionsOf(const proto::Hello& hello, const ControlOptions& options) {
  LeaderOptions leader;
  leader.self = hello;
  leader.join_timeout_ns = absl::ToInt64Nanoseconds(options.join_timeout);
  leader.silence_ns = absl::ToInt64Nanoseconds(options.silence);
  leader.suspicion_ns = absl::ToInt64Nanoseconds(kSuspicion);
  leader.most_bytes = options.most_bytes;
  return leader;
}

absl::Status GrpcControl::Join(int size) {
  if (rank_ == 0) {
    BATON_ASSIGN_OR_RETURN(
        server_, LeaderServer::Create(leader_address_, options_.token, size + kSpareStreams, MakeLeaderEvents()));
  }
  thread_ = std::thread([this] { Run(); });
  MutexLock lock(&mutex_);
  while (member_.phase() == MemberState::Phase::kJoining) changed_.Wait(&mutex_);
  const absl::Status status = StatusLocked();
  if (!status.ok()) return rank_ > 0 && member_.failure_is_shared() ? ToldByLeader(status) : status;
  members_ = member_.members();
  return absl::OkStatus();
}

const proto::Failure* GrpcControl::FailureLocked() const {
  if (member_.failure().has_value()) return &*member_.failure();
  return leader_.has_value() && leader_->failure().has_value() ? &*leader_->failure() : nullptr;
}

absl::Status GrpcControl::StatusLocked() const {
  const proto::Failure* failure = FailureLocked();
  if (failure == nullptr) return absl::OkStatus();
  const std::string host = failure->host().empty() ? "" : absl::StrCat(" (", failure->host(), ")");
  return absl::CancelledError(absl::StrCat("rank ", failure->rank(), host, " ", failure->message()));
}

absl::StatusOr<std::vector<std::string>> GrpcControl::Collect(proto::CollectiveKind kind, const std::string& bytes,
                                                              int channel, bool wait) {
  BATON_RETURN_IF_ERROR(Failpoint("control.collective"));
  MutexLock lock(&mutex_);
  BATON_RETURN_IF_ERROR(StatusLocked());
  const int64_t sequence = member_.StartCollective(kind, channel, bytes);
  Wake();
  if (!wait) return std::vector<std::string>();
  while (true) {
    if (auto result = member_.TakeResult(channel, sequence); result.has_value()) return *std::move(result);
    BATON_RETURN_IF_ERROR(StatusLocked());
    if (member_.phase() == MemberState::Phase::kLeft) return absl::FailedPreconditionError("this process has left");
    changed_.Wait(&mutex_);
  }
}

absl::Status GrpcControl::Set(const std::string& key, const std::string& value) {
  if (key.size() + value.size() > kPartBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the store's key \"", key, "\" has ", value.size(),
                                                   " bytes; key and value may have ", kPartBytes));
  }
  MutexLock lock(&mutex_);
  BATON_RETURN_IF_ERROR(StatusLocked());
  member_.SetValue(key, value);
  Wake();
  return absl::OkStatus();
}

absl::StatusOr<std::string> GrpcControl::Get(const std::string& key, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  member_.AskValue(key);
  Wake();
  while (true) {
    if (std::optional<std::string> value = member_.ValueOf(key); value.has_value()) return *std::move(value);
    BATON_RETURN_IF_ERROR(StatusLocked());
    if (member_.phase() == MemberState::Phase::kLeft) return absl::FailedPreconditionError("this process has left");
    if (changed_.WaitWithTimeout(&mutex_, deadline - absl::Now()) && absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("no process has set the store's key \"", key, "\" within ", absl::FormatDuration(timeout)));
    }
  }
}

void GrpcControl::Abort(const absl::Status& status, int suspect) {
  MutexLock lock(&mutex_);
  member_.ReportFailure(absl::StrCat("failed: ", status.message()), suspect);
  Wake();
}

void GrpcControl::SetOnFailure(std::function<void(const absl::Status&)> on_failure) {
  MutexLock lock(&handler_mutex_);
  on_failure_ = std::move(on_failure);
  if (on_failure_ && !handled_.ok()) on_failure_(handled_);
}

absl::StatusOr<bool> GrpcControl::BeginStep(int64_t step) {
  MutexLock lock(&mutex_);
  while (true) {
    BATON_RETURN_IF_ERROR(StatusLocked());
    if (const std::optional<bool> may = member_.MayBegin(step); may.has_value()) return *may;
    changed_.Wait(&mutex_);
  }
}

absl::Status GrpcControl::Leave() {
  BATON_RETURN_IF_ERROR(Failpoint("control.leave"));
  MutexLock lock(&mutex_);
  BATON_RETURN_IF_ERROR(StatusLocked());
  member_.Leave();
  Wake();
  // The leader ends the stream; its silence ends the wait. It serves the others until they have left too.
  while (connected_) changed_.Wait(&mutex_);
  while (leader_.has_value() && !leader_->AllLeft() && !leader_->failure().has_value()) changed_.Wait(&mutex_);
  return StatusLocked();
}

GrpcControl::~GrpcControl() {
  if (thread_.joinable()) {
    {
      MutexLock lock(&mutex_);
      const absl::Time deadline = absl::Now() + kLinger;
      if (member_.phase() == MemberState::Phase::kRunning) {
        member_.ReportFailure("ended before its part was done", -1);
        Wake();
        while (member_.phase() == MemberState::Phase::kRunning && absl::Now() < deadline) {
          changed_.WaitWithTimeout(&mutex_, kLook);
        }
      }
      closing_ = true;
      close_by_ = deadline;
      Wake();
    }
    thread_.join();
  }
  server_ = nullptr;
}

}  // namespace baton
