// Control by gRPC. Used by control.cc alone; see control.h for the contract.
//
// Events of gRPC change the two state machines under one lock and wake the control thread; that thread alone sends,
// connects and calls back, so messages keep their order and no lock is held in calls of gRPC.
//
// Files: grpc_control.cc (what callers call), grpc_control_thread.cc (the thread and the events).
#ifndef BATON_RUNTIME_PROCESS_GRPC_CONTROL_H_
#define BATON_RUNTIME_PROCESS_GRPC_CONTROL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/status.h"
#include "runtime/process/control.h"
#include "runtime/process/leader_client.h"
#include "runtime/process/leader_server.h"
#include "runtime/process/leader_state.h"
#include "runtime/process/member_state.h"

namespace baton {

// The steady clock in nanoseconds, as both state machines count time.
int64_t ControlNow();

class GrpcControl : public Control {
 public:
  // `leader`: where rank 0 listens. `address`: see Control::address.
  GrpcControl(const proto::Hello& hello, std::string leader, std::string address, const ControlOptions& options)
      : rank_(hello.rank()),
        leader_address_(std::move(leader)),
        address_(std::move(address)),
        options_(options),
        tick_(options.silence / 20),
        on_failure_(options.on_failure),
        member_(MemberOptionsOf(hello, leader_address_, options), ControlNow()) {
    if (rank_ == 0) leader_.emplace(LeaderOptionsOf(hello, options), ControlNow());
  }
  ~GrpcControl() override;

  // Starts the server, the thread and the stream, and waits for the welcome.
  absl::Status Join(int size);

  int rank() const override { return rank_; }
  const std::vector<proto::Hello>& members() const override { return members_; }
  const std::string& address() const override { return address_; }
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

  absl::Status Set(const std::string& key, const std::string& value) override;
  absl::StatusOr<std::string> Get(const std::string& key, absl::Duration timeout) override;

  void Abort(const absl::Status& status, int suspect) override;
  void SetOnFailure(std::function<void(const absl::Status&)> on_failure) override;
  int failed_rank() const override {
    MutexLock lock(&mutex_);
    const proto::Failure* failure = FailureLocked();
    return failure == nullptr ? -1 : failure->rank();
  }
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
  void ReportProgress(int64_t instructions, std::vector<std::string> positions) override {
    MutexLock lock(&mutex_);
    member_.SetProgress(instructions, std::move(positions));
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
  // Null while there is none.
  const proto::Failure* FailureLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
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
  const std::string leader_address_;
  const std::string address_;
  const ControlOptions options_;
  const absl::Duration tick_;
  std::vector<proto::Hello> members_;  // set once, before Create returns

  Mutex handler_mutex_;  // held while the handler runs; never taken with mutex_ held
  std::function<void(const absl::Status&)> on_failure_ ABSL_GUARDED_BY(handler_mutex_);
  absl::Status handled_ ABSL_GUARDED_BY(handler_mutex_);  // the failure, once the control thread has seen it

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

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_GRPC_CONTROL_H_
