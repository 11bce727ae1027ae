// Events of gRPC change the two state machines under one lock and wake the control thread; that thread alone sends,
// connects and calls back, so messages keep their order and no lock is held in calls of gRPC.
#include "runtime/process/control.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/failpoint.h"
#include "base/mutex.h"
#include "base/status.h"
#include "runtime/process/address.h"
#include "runtime/process/leader_client.h"
#include "runtime/process/leader_server.h"
#include "runtime/process/leader_state.h"
#include "runtime/process/member_state.h"

namespace baton {
namespace {

constexpr absl::Duration kRedial = absl::Milliseconds(50);
// How long a process that ends waits for what it has said to arrive.
constexpr absl::Duration kLinger = absl::Seconds(1);
// How long a leader waits for a port that an earlier generation may still have.
constexpr absl::Duration kPortPatience = absl::Seconds(3);
constexpr absl::Duration kSuspicion = absl::Milliseconds(250);
// Streams of strangers beside those of the processes.
constexpr int kSpareStreams = 64;

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class GrpcControl : public Control {
 public:
  GrpcControl(const proto::Hello& hello, std::string address, const ControlOptions& options)
      : rank_(hello.rank()),
        address_(std::move(address)),
        options_(options),
        tick_(options.silence / 20),
        member_(MemberOptionsOf(hello, address_, options), NowNs()) {
    if (rank_ == 0) leader_.emplace(LeaderOptionsOf(hello, options), NowNs());
  }
  ~GrpcControl() override;

  // Starts the server, the thread and the stream, and waits for the welcome.
  absl::Status Join(int size);

  const std::vector<proto::Hello>& members() const override { return members_; }
  absl::Status Barrier(int channel) override { return Collect(proto::BARRIER, "", channel, true).status(); }
  absl::StatusOr<std::string> Broadcast(const std::string& bytes, int channel) override {
    BATON_ASSIGN_OR_RETURN(std::vector<std::string> all, Collect(proto::BROADCAST, bytes, channel, rank_ != 0));
    return rank_ == 0 ? bytes : std::move(all[0]);
  }
  absl::StatusOr<std::vector<std::string>> Gather(const std::string& bytes, int channel) override {
    return Collect(proto::GATHER, bytes, channel, rank_ == 0);
  }
  absl::StatusOr<std::vector<std::string>> Exchange(const std::string& bytes, int channel) override {
    return Collect(proto::EXCHANGE, bytes, channel, true);
  }

  void Abort(const absl::Status& status, int suspect) override;
  absl::Status status() const override {
    MutexLock lock(&mutex_);
    return StatusLocked();
  }
  bool LeaderReports() const override {
    MutexLock lock(&mutex_);
    return member_.failure_is_shared() || (leader_.has_value() && leader_->failure().has_value());
  }
  void RequestStop() override {
    MutexLock lock(&mutex_);
    member_.RequestStop();
    Wake();
  }
  absl::StatusOr<bool> BeginStep(int64_t step) override;
  void ReportProgress(int64_t instructions) override {
    MutexLock lock(&mutex_);
    member_.set_instructions(instructions);
  }
  proto::Heartbeat HeartbeatOf(int rank) const override {
    MutexLock lock(&mutex_);
    return leader_.has_value() && rank >= 0 && rank < static_cast<int>(members_.size()) ? leader_->heartbeat(rank)
                                                                                        : proto::Heartbeat();
  }
  int64_t clock_offset_ns() const override {
    MutexLock lock(&mutex_);
    return member_.clock().offset_ns();
  }
  int64_t clock_round_trip_ns() const override {
    MutexLock lock(&mutex_);
    return member_.clock().round_trip_ns();
  }
  absl::Status Leave() override;

 private:
  static MemberOptions MemberOptionsOf(const proto::Hello& hello, const std::string& address,
                                       const ControlOptions& options);
  static LeaderOptions LeaderOptionsOf(const proto::Hello& hello, const ControlOptions& options);

  absl::StatusOr<std::vector<std::string>> Collect(proto::CollectiveKind kind, const std::string& bytes, int channel,
                                                   bool wait);
  absl::Status StatusLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    work_ = true;
    changed_.SignalAll();
  }
  void Run();
  void Dial();
  bool HasEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LeaderEvents MakeLeaderEvents();

  const int rank_;
  const std::string address_;
  const ControlOptions options_;
  const absl::Duration tick_;
  std::vector<proto::Hello> members_;  // set once, before Create returns

  mutable Mutex mutex_;
  CondVar changed_;
  MemberState member_ ABSL_GUARDED_BY(mutex_);
  std::optional<LeaderState> leader_ ABSL_GUARDED_BY(mutex_);
  bool work_ ABSL_GUARDED_BY(mutex_) = false;
  bool stream_ended_ ABSL_GUARDED_BY(mutex_) = false;  // by the leader; the control thread has not noticed yet
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time close_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();

  // Used by the control thread alone.
  std::unique_ptr<LeaderServer> server_;
  std::unique_ptr<LeaderClient> client_;
  absl::Time redial_at_ = absl::InfinitePast();
  std::thread thread_;
};

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

LeaderEvents GrpcControl::MakeLeaderEvents() {
  LeaderEvents events;
  events.opened = [this](int64_t stream) {
    MutexLock lock(&mutex_);
    leader_->Opened(stream, NowNs());
  };
  events.received = [this](int64_t stream, const proto::FromProcess& message) {
    MutexLock lock(&mutex_);
    leader_->Received(stream, message, NowNs());
    Wake();
  };
  events.closed = [this](int64_t stream) {
    MutexLock lock(&mutex_);
    leader_->Closed(stream, NowNs());
    Wake();
  };
  return events;
}

absl::Status GrpcControl::Join(int size) {
  if (rank_ == 0) {
    BATON_ASSIGN_OR_RETURN(server_,
                           LeaderServer::Create(address_, options_.token, size + kSpareStreams, MakeLeaderEvents()));
  }
  thread_ = std::thread([this] { Run(); });
  MutexLock lock(&mutex_);
  while (member_.phase() == MemberState::Phase::kJoining) changed_.Wait(&mutex_);
  BATON_RETURN_IF_ERROR(StatusLocked());
  members_ = member_.members();
  return absl::OkStatus();
}

void GrpcControl::Dial() {
  redial_at_ = absl::Now() + kRedial;
  LeaderClientEvents events;
  events.received = [this](const proto::FromLeader& message) {
    MutexLock lock(&mutex_);
    member_.Received(message, NowNs());
    Wake();
  };
  events.ended = [this] {
    MutexLock lock(&mutex_);
    stream_ended_ = true;
    Wake();
  };
  client_ = LeaderClient::Create(address_, options_.token, std::move(events));
  MutexLock lock(&mutex_);
  connected_ = true;
  member_.Connected(NowNs());
  work_ = true;
}

bool GrpcControl::HasEnded() const {
  if (!closing_) return false;
  if (absl::Now() >= close_by_) return true;
  return !connected_ && (!leader_.has_value() || leader_->AllLeft());
}

void GrpcControl::Run() {
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
        leader_->Tick(NowNs());
        actions = leader_->TakeActions();
      }
      member_.Tick(NowNs());
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
      member_.Disconnected(refusal, NowNs());
      Wake();
    }
    if (dial) Dial();
    if (failure.has_value()) {
      notified = true;
      if (options_.on_failure) options_.on_failure(*failure);
    }
  }
  client_ = nullptr;
}

absl::Status GrpcControl::StatusLocked() const {
  const proto::Failure* failure = member_.failure().has_value() ? &*member_.failure() : nullptr;
  if (failure == nullptr && leader_.has_value() && leader_->failure().has_value()) failure = &*leader_->failure();
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

void GrpcControl::Abort(const absl::Status& status, int suspect) {
  MutexLock lock(&mutex_);
  member_.ReportFailure(absl::StrCat("failed: ", status.message()), suspect);
  Wake();
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
          changed_.WaitWithTimeout(&mutex_, kRedial);
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

}  // namespace

absl::StatusOr<std::unique_ptr<Control>> Control::Create(const World& world, const proto::Hello& hello,
                                                         const ControlOptions& options) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // errors are reported as Status
  if (world.size < 2) return absl::InvalidArgumentError("a run of one process has no control plane");
  BATON_RETURN_IF_ERROR(Failpoint("control.resolve"));
  const absl::Time deadline = absl::Now() + options.join_timeout;
  HostPort leader = world.leader;
  // All processes are here, so nobody else need reach rank 0.
  if (world.local_size == world.size) leader.host = "127.0.0.1";
  BATON_ASSIGN_OR_RETURN(const NumericAddress numeric, Resolve(leader, deadline));
  if (!numeric.loopback && options.token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "BATON_TOKEN is not set; it must hold the same secret in all processes, since other hosts can reach rank 0 at ",
        FormatHostPort(numeric.address)));
  }
  if (world.rank == 0) {
    BATON_RETURN_IF_ERROR(CheckCanListen(numeric.address, std::min(deadline, absl::Now() + kPortPatience)));
  }
  BATON_RETURN_IF_ERROR(Failpoint("control.join"));
  auto control = absl::make_unique<GrpcControl>(hello, FormatHostPort(numeric.address), options);
  BATON_RETURN_IF_ERROR(control->Join(world.size));
  BATON_RETURN_IF_ERROR(Failpoint("control.welcome"));
  return control;
}

}  // namespace baton
