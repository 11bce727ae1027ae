// A process's knowledge of its run, and its messages to rank 0: a state machine without threads, clocks or sockets.
// control.cc feeds it; control_state_test.cc runs it with leader_state.h under random interleavings. Rank 0 has one
// too.
#ifndef BATON_RUNTIME_PROCESS_MEMBER_STATE_H_
#define BATON_RUNTIME_PROCESS_MEMBER_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/control.pb.h"
#include "runtime/process/clock_offset.h"

namespace baton {

struct MemberOptions {
  proto::Hello self;
  std::string leader;  // for messages, as `node-1:29400`
  // From creation to the welcome. It counts from this process's own start, whenever the run began.
  int64_t join_timeout_ns = 0;
  // A leader that says nothing for so long has failed.
  int64_t silence_ns = 0;
  int64_t heartbeat_ns = 0;
};

// Thread contract and times as LeaderState.
class MemberState {
 public:
  enum class Phase { kJoining, kRunning, kFailed, kLeft };

  MemberState(MemberOptions options, int64_t now_ns);

  // A connection to the leader stands: says hello on it.
  void Connected(int64_t now_ns);
  void Received(const proto::FromLeader& message, int64_t now_ns);
  // The connection has ended. `refusal`: the leader's reason, if it gave one. Without one, a process that is still
  // joining may connect again.
  void Disconnected(const std::string& refusal, int64_t now_ns);
  void Tick(int64_t now_ns);

  // To be sent in this order.
  std::vector<std::shared_ptr<const proto::FromProcess>> TakeMessages();

  // The number of a new operation of `channel`, to which this process contributes `bytes`.
  int64_t StartCollective(proto::CollectiveKind kind, int channel, const std::string& bytes);
  // The bytes of all contributors by rank, once; none while the operation is not done here.
  std::optional<std::vector<std::string>> TakeResult(int channel, int64_t sequence);

  // Sets a key of the run's store, which no process has set.
  void SetValue(const std::string& key, const std::string& value);
  // Asks for a key's value, which ValueOf has once some process has set it.
  void AskValue(const std::string& key);
  // None while it is not here.
  std::optional<std::string> ValueOf(const std::string& key) const;

  // Reports a failure of this process to the leader, which tells everybody, this process too. `suspect`: a peer whose
  // end may be the cause, or -1.
  void ReportFailure(const std::string& message, int suspect);
  void RequestStop();
  // Asks whether a step may begin: yes, no (all stop before it), or none while the processes agree on a step.
  std::optional<bool> MayBegin(int64_t step);
  void Leave();

  // `positions`: where workers stand, if no instruction completes.
  void SetProgress(int64_t instructions, std::vector<std::string> positions) {
    instructions_ = instructions;
    positions_ = std::move(positions);
  }

  Phase phase() const { return phase_; }
  const std::optional<proto::Failure>& failure() const { return failure_; }
  // True if the failure came from the leader, so that rank 0 knows it too.
  bool failure_is_shared() const { return failure_is_shared_; }
  const std::vector<proto::Hello>& members() const { return members_; }
  const ClockOffset& clock() const { return clock_; }

 private:
  void OnPart(const proto::Part& part);
  void SendHeartbeat(int64_t now_ns);
  void Fail(int rank, const std::string& host, std::string message, bool shared);
  void Send(proto::FromProcess message);

  const MemberOptions options_;
  const int64_t start_ns_;
  Phase phase_ = Phase::kJoining;
  bool connected_ = false;
  bool answered_ = false;
  int64_t heard_ns_;
  int64_t last_tick_ns_;
  int64_t heartbeat_sent_ns_;
  int64_t instructions_ = 0;
  std::vector<std::string> positions_;
  int64_t next_step_ = 0;
  bool agreeing_ = false;  // between AskNextStep and StopAt
  std::optional<int64_t> stop_at_;
  std::map<int, int64_t> next_sequence_;  // by channel
  std::map<std::pair<int, int64_t>, std::vector<std::string>> partial_;
  std::map<std::pair<int, int64_t>, std::vector<std::string>> results_;
  std::map<std::string, std::string> values_;
  std::optional<proto::Failure> failure_;
  bool failure_is_shared_ = false;
  std::vector<proto::Hello> members_;
  ClockOffset clock_;
  std::vector<std::shared_ptr<const proto::FromProcess>> messages_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_MEMBER_STATE_H_
