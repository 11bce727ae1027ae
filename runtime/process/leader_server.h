// Rank 0's gRPC server: numbers the streams, checks tokens, and turns callbacks into events. Used by control.cc.
#ifndef BATON_RUNTIME_PROCESS_LEADER_SERVER_H_
#define BATON_RUNTIME_PROCESS_LEADER_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace baton {

struct LeaderEvents {
  // Called from threads of gRPC; for one stream one after the other: opened, received …, closed.
  std::function<void(int64_t stream)> opened;
  std::function<void(int64_t stream, const proto::FromProcess& message)> received;
  std::function<void(int64_t stream)> closed;
};

// Thread contract: any thread; messages of one thread keep their order. The events may come until the destructor
// returns.
class LeaderServer {
 public:
  // Listens on `address`, as `10.0.0.7:29400`, and on no other interface. A call without `token` is refused before its
  // first message is read. `most_streams`: more are refused. Errors: Unavailable (the address is in use, or not this
  // host's).
  static absl::StatusOr<std::unique_ptr<LeaderServer>> Create(const std::string& address, const std::string& token,
                                                              int most_streams, LeaderEvents events);
  virtual ~LeaderServer() = default;

  // Queues a message; nothing happens if the stream has ended.
  virtual void Send(int64_t stream, std::shared_ptr<const proto::FromLeader> message) = 0;
  // Ends a stream behind what is queued, with a reason for the other end if `refusal` is not empty.
  virtual void Close(int64_t stream, const std::string& refusal) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LEADER_SERVER_H_
