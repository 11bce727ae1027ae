// A wire between two processes that tests can make slow, lossy, or dead in one direction: a relay that forwards TCP
// connections on a port of its own.
//
//     Relay relay(leader_port);
//     … BATON_LEADER=127.0.0.1:relay.port() for one process
//     relay.Cut(Relay::kUp);        // what this process sends no longer arrives; what it receives still does
#ifndef BATON_TESTS_FAULTS_RELAY_H_
#define BATON_TESTS_FAULTS_RELAY_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace baton {

// Thread contract: any thread. A cut direction stays connected, as a wire that a switch has lost: no end is told.
class Relay {
 public:
  enum Direction { kUp, kDown };  // from who connects to the target; back

  // Forwards connections to 127.0.0.1:target.
  explicit Relay(int target);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  int port() const { return port_; }
  // Each piece of bytes, in both directions, arrives so much later.
  void SetDelay(std::chrono::milliseconds delay) { delay_ms_ = delay.count(); }
  // One in `every` pieces is lost and sent again after the least time that TCP waits, 200 ms, with all that follows. 0:
  // none.
  void LoseOneIn(int every) { lose_every_ = every; }
  void Cut(Direction direction) { cut_[direction] = true; }
  int64_t bytes(Direction direction) const { return bytes_[direction]; }

 private:
  void Accept();
  void Forward(int from, int to, Direction direction);

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int64_t> delay_ms_{0};
  std::atomic<int> lose_every_{0};
  std::atomic<bool> ends_{false};
  std::array<std::atomic<bool>, 2> cut_{};
  std::array<std::atomic<int64_t>, 2> bytes_{};
  Mutex mutex_;
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> pumps_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_RELAY_H_
