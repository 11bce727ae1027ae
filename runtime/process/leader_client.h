// A process's stream to rank 0. Used by control.cc.
#ifndef BATON_RUNTIME_PROCESS_LEADER_CLIENT_H_
#define BATON_RUNTIME_PROCESS_LEADER_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "proto/control.pb.h"

namespace baton {

struct LeaderClientEvents {
  // Called from threads of gRPC, one after the other.
  std::function<void(const proto::FromLeader& message)> received;
  // The last event: nothing more will be received. Call End.
  std::function<void()> ended;
};

// Thread contract: one thread; events may come until End or the destructor returns.
class LeaderClient {
 public:
  // Starts to connect. Proxies of the environment are not used.
  static std::unique_ptr<LeaderClient> Create(const std::string& address, const std::string& token,
                                              LeaderClientEvents events);
  // Cancels the stream if it has not ended.
  virtual ~LeaderClient() = default;

  virtual void Send(std::shared_ptr<const proto::FromProcess> message) = 0;
  // After `ended`: why the leader refused this process; empty if it did not say.
  virtual std::string End() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LEADER_CLIENT_H_
