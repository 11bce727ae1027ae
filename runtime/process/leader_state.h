// Rank 0's knowledge of a run's processes, and its messages to them: a state machine without threads, clocks or
// sockets. control.cc feeds it and carries out its actions; control_state_test.cc runs it under random interleavings.
//
//     LeaderState leader(options, now_ns);
//     leader.Received(stream, message, now_ns);          // events
//     for (LeaderAction& action : leader.TakeActions())  // then what is to be sent
//
//     joining ── all said hello ──▶ running ── all said goodbye ──▶ (AllLeft)
//        └──────────── first failure ──┴──▶ failed
#ifndef BATON_RUNTIME_PROCESS_LEADER_STATE_H_
#define BATON_RUNTIME_PROCESS_LEADER_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/control.pb.h"

namespace baton {

struct LeaderOptions {
  proto::Hello self;  // rank 0's
  // From creation until all processes have joined.
  int64_t join_timeout_ns = 0;
  // A process that says nothing for so long has failed.
  int64_t silence_ns = 0;
  // If a process blames a peer, how long the leader waits for news of the peer itself.
  int64_t suspicion_ns = 0;
  // Bytes of collective operations and of values that the leader may hold.
  int64_t most_bytes = 0;
};

// To be done in this order.
struct LeaderAction {
  int64_t stream = 0;
  // Null: close the stream, with `refusal` if it is not empty.
  std::shared_ptr<const proto::FromLeader> message;
  std::string refusal;
};

// Thread contract: one thread at a time. Times are nanoseconds of one clock that never goes back. Streams are numbered
// by the caller, each number once.
class LeaderState {
 public:
  LeaderState(LeaderOptions options, int64_t now_ns);

  void Opened(int64_t stream, int64_t now_ns);
  void Received(int64_t stream, const proto::FromProcess& message, int64_t now_ns);
  // The stream has ended, from whichever side.
  void Closed(int64_t stream, int64_t now_ns);
  // Call several times within the shortest of the timeouts.
  void Tick(int64_t now_ns);

  std::vector<LeaderAction> TakeActions();

  // Every process has said goodbye, or, after a failure, every stream has ended.
  bool AllLeft() const;
  const std::optional<proto::Failure>& failure() const { return failure_; }
  // The last heartbeat of a process.
  const proto::Heartbeat& heartbeat(int rank) const { return members_[rank].heartbeat; }

 private:
  enum class Phase { kJoining, kRunning, kFailed };
  struct Member {
    int64_t stream = -1;  // -1: has not joined
    bool open = false;
    bool left = false;
    int64_t heard_ns = 0;
    proto::Hello hello;
    proto::Heartbeat heartbeat;
    std::optional<int64_t> next_step;
  };
  struct Collective {
    proto::CollectiveKind kind = proto::BARRIER;
    std::vector<std::string> bytes;  // by rank
    std::vector<bool> done;
  };
  // A failure that waits for news of a suspected peer.
  struct Suspicion {
    int rank = 0;
    proto::Failure failure;
    int64_t until_ns = 0;
  };

  void OnHello(int64_t stream, const proto::Hello& hello, int64_t now_ns);
  void OnPart(int rank, const proto::Part& part);
  void OnFailure(int rank, const proto::Failure& failure, int64_t now_ns);
  void OnGoodbye(int rank);
  void OnSetValue(int rank, const proto::Value& value);
  void OnAskValue(int rank, const std::string& key);
  void SendValue(int rank, const std::string& key);
  // Counts bytes that the leader holds; false, with a failure, if they are too many.
  bool Hold(int rank, int64_t bytes);
  void FinishCollective(std::pair<int, int64_t> key, const Collective& collective);
  void AnswerStop();
  // Nothing waits for a process that has left.
  void CheckNobodyLeft(const Collective& collective);
  void Fail(int rank, std::string message);
  std::string NameOf(int rank) const;
  void Send(int64_t stream, std::shared_ptr<const proto::FromLeader> message);
  void SendToAll(const proto::FromLeader& message);
  // Ends a stream that has not become a process's.
  void Refuse(int64_t stream, std::string why);

  const LeaderOptions options_;
  const int64_t start_ns_;
  int64_t last_tick_ns_;
  Phase phase_ = Phase::kJoining;
  std::vector<Member> members_;
  // Ranks of open streams; -1 before hello, -2 for those of a later generation.
  std::map<int64_t, int> rank_of_stream_;
  std::map<int64_t, int64_t> opened_ns_;  // streams that have not said hello
  std::map<std::pair<int, int64_t>, Collective> collectives_;
  int64_t held_bytes_ = 0;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::set<int>> asked_;  // ranks that wait for a key
  bool stop_asked_ = false;
  bool stop_answered_ = false;
  std::optional<Suspicion> suspicion_;
  std::optional<proto::Failure> failure_;
  std::vector<LeaderAction> actions_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LEADER_STATE_H_
