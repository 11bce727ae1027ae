// A leader and members of control without sockets, and a simulated network between them. Used by the tests of their
// state machines.
//
//   Net net(/*size=*/3, /*seed=*/1);
//   StartAll(net, 3);
//   net.Run(kJoinTimeout, [&] { return net.AllIn(kRunning); });
#ifndef BATON_RUNTIME_PROCESS_TESTING_SIMULATED_NETWORK_H_
#define BATON_RUNTIME_PROCESS_TESTING_SIMULATED_NETWORK_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "runtime/process/leader_state.h"
#include "runtime/process/member_state.h"

namespace baton {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kJoinTimeout = 10'000 * kMs;
inline constexpr int64_t kSilence = 1'000 * kMs;

proto::Hello HelloOfRank(int rank, int size, int generation = 0);
LeaderOptions OptionsOfLeader(const proto::Hello& self);
MemberOptions OptionsOfMember(const proto::Hello& self);

// A leader and processes with a network between them. Process 0 is the leader's own.
class Net {
 public:
  Net(int size, uint64_t seed, int64_t start_ns = 0, int generation = 0)
      : random(seed), now(start_ns), leader_(OptionsOfLeader(HelloOfRank(0, size, generation)), start_ns) {}

  struct Process {
    std::unique_ptr<MemberState> state;
    int64_t stream = -1;  // -1: none
    bool killed = false;
    bool stopped = false;
    std::deque<std::shared_ptr<const proto::FromProcess>> up;
    std::deque<LeaderAction> down;
  };

  int Start(const proto::Hello& hello);

  void Kill(int index);

  // One random event, then some virtual time.
  void Step();

  // Steps until `done`; at most so much virtual time. Returns whether it was done.
  template <typename Done>
  bool Run(int64_t most_ns, const Done& done) {
    for (const int64_t end = now + most_ns; now < end; Step()) {
      if (done()) return true;
    }
    return false;
  }

  bool AllIn(MemberState::Phase phase) const;

  std::mt19937_64 random;
  int64_t now;
  std::vector<Process> processes;
  LeaderState& leader() { return leader_; }

 private:
  void Connect(Process& process);
  void CloseStream(Process& process);
  void Deliver(Process& process);

  LeaderState leader_;
  int64_t last_stream_ = 0;
};

inline constexpr auto kRunning = MemberState::Phase::kRunning;
inline constexpr auto kFailed = MemberState::Phase::kFailed;
inline constexpr auto kLeft = MemberState::Phase::kLeft;

// Starts processes of ranks 0 to size − 1 in order, with random events between.
void StartAll(Net& net, int size, int generation = 0);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_TESTING_SIMULATED_NETWORK_H_
