// All that two processes exchange: any number of one-way lanes over one connection. Used by GlooChannel and
// GlooCollective; made by GlooTransport.
//
//   receiver   Post ─ credit{lane, bytes} ──▶          ┌▶ started ─ bytes into the slot ─ done
//   sender     Post ─────────────── credit is here ─ data{lane}, bytes out of the slot ─ done
//
// The receiver announces each post; the sender sends when it has posted as well, so that a transfer needs memory in
// slots alone, as validator and simulator assume. The sender compares the sizes of both sides, so that Gloo, which ends
// the process if they differ, never sees it. Two threads a pair: one connects and writes, one reads. They never wait
// for a lane: only for bytes that are on their way. Lanes thus cannot block each other.
//
// When the connection breaks, all ends fail at once, and the error sink is called. A silent process breaks nothing: the
// control plane decides and calls Fail.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_PAIR_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_PAIR_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/units.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/gloo/gloo_connection.h"

namespace baton {

struct GlooPairOptions {
  GlooConnectionOptions connection;
  std::string name;       // of this process, for messages
  std::string peer_name;  // of the other one
  // How long bytes that are on their way may take.
  std::chrono::milliseconds transfer_timeout = kGlooForever;
  // Called once, on any thread, if the connection breaks while it is needed.
  std::function<void(const absl::Status&)> on_error;
};

// One side's part of a transfer. Everything is borrowed until `done` is done or the end is withdrawn.
struct GlooPost {
  std::byte* data = nullptr;
  Bytes bytes = 0;
  uint64_t tag = 0;  // both sides must have the same
  HostEvent* done = nullptr;
  HostEvent* started = nullptr;  // may be null
  Nanos posted_at = 0;
};

// One side of a lane. Its members are the pair's, under the pair's lock.
struct GlooEnd {
  struct Credit {
    Bytes bytes = 0;
    uint64_t tag = 0;
    Nanos arrived_at = 0;
  };

  uint64_t lane = 0;
  bool sends = false;
  Doorbell* wakes = nullptr;  // cancelled when the pair fails; may be null
  // Rings of the same size. A receiver's post has begun when it is announced, a sender's when its bytes are sent.
  std::vector<GlooPost> posts;
  std::vector<std::unique_ptr<GlooBuffer>> buffers;
  std::vector<Credit> credits;  // of a sender
  uint64_t num_posted = 0;
  uint64_t num_begun = 0;
  uint64_t num_done = 0;
  uint64_t num_credits = 0;

  size_t IndexOf(uint64_t n) const { return static_cast<size_t>(n % posts.size()); }
};

// Thread contract: any thread. Lifecycle: connects in the background; ends must be removed before it is destroyed.
class GlooPair {
 public:
  explicit GlooPair(GlooPairOptions options);
  // Tells the other process that this one leaves, if it can within a second.
  ~GlooPair();
  GlooPair(const GlooPair&) = delete;
  GlooPair& operator=(const GlooPair&) = delete;

  // Blocks until the connection stands. Errors: those of connecting.
  absl::Status AwaitConnected();
  // The first error; OK while there is none.
  absl::Status status() const;

  // Both processes use the same number for a lane. At most `capacity` posts of a side are not done.
  std::unique_ptr<GlooEnd> AddEnd(uint64_t lane, bool sends, int capacity, Doorbell* wakes = nullptr);
  // Errors: Internal beyond the capacity; the pair's error.
  absl::Status Post(GlooEnd& end, const GlooPost& post);
  // Forgets the posts of an end. If one has begun the connection is closed, since Gloo cannot take it back. When it
  // returns, nothing that was posted is in use.
  void Withdraw(GlooEnd& end);
  void RemoveEnd(GlooEnd& end);

  // Ends all waiting with `status` and closes the connection; only the first call counts.
  void Fail(const absl::Status& status, bool tell = true);

 private:
  // A message that travels beside the bytes of slots.
  struct Message {
    enum Kind : uint64_t { kHello, kCredit, kData, kMismatch, kLeave };
    uint64_t kind = kHello;
    uint64_t lane = 0;
    uint64_t tag = 0;
    int64_t bytes = 0;
    int64_t other_bytes = 0;
    GlooSecret secret{};
  };
  struct Early {  // a credit of a lane that this process has not made yet
    uint64_t lane = 0;
    GlooEnd::Credit credit;
  };
  static constexpr int kMessagesAhead = 16;

  // gloo_pair.cc
  bool HasPosts() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Broken(const absl::Status& cause) const;
  void CloseConnection();
  // The waits of the two threads, which Fail ends.
  absl::Status AwaitSend(GlooBuffer& buffer, std::chrono::milliseconds timeout);
  absl::Status AwaitReceive(GlooBuffer& buffer, std::chrono::milliseconds timeout);

  // gloo_pair_threads.cc
  void WriterMain();
  void ReaderMain();
  absl::Status Connect();
  // The next end whose next post can begin; null if there is none.
  GlooEnd* NextWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Announce(GlooEnd& end);
  absl::Status SendData(GlooEnd& end);
  absl::Status SendMessage(const Message& message, std::chrono::milliseconds timeout);
  absl::Status ReadMessages();
  absl::Status Handle(const Message& message);
  absl::Status AddCredit(const Message& message);
  absl::Status ReceiveData(const Message& message);
  GlooEnd* FindEnd(uint64_t lane, bool sends) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const GlooPairOptions options_;
  std::atomic<bool> gives_up_{false};

  mutable Mutex mutex_;
  CondVar writer_wakes_;
  CondVar changes_;  // connected, failed, or an end is no longer in use
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool is_connected_ ABSL_GUARDED_BY(mutex_) = false;
  bool leaves_ ABSL_GUARDED_BY(mutex_) = false;
  bool peer_left_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<GlooEnd*> ends_ ABSL_GUARDED_BY(mutex_);
  std::vector<Early> early_ ABSL_GUARDED_BY(mutex_);
  size_t next_end_ ABSL_GUARDED_BY(mutex_) = 0;
  GlooEnd* written_ ABSL_GUARDED_BY(mutex_) = nullptr;  // the end that the writer is at
  GlooEnd* read_ ABSL_GUARDED_BY(mutex_) = nullptr;     // the end that the reader is at
  GlooBuffer* sending_ ABSL_GUARDED_BY(mutex_) = nullptr;
  GlooBuffer* receiving_ ABSL_GUARDED_BY(mutex_) = nullptr;

  Mutex close_mutex_;
  bool is_closed_ ABSL_GUARDED_BY(close_mutex_) = false;

  // Set by the writer under mutex_, then constant.
  std::unique_ptr<GlooConnection> connection_;
  Message out_;  // the writer's
  std::unique_ptr<GlooBuffer> out_buffer_;
  std::array<Message, kMessagesAhead> in_;  // the reader's
  std::array<std::unique_ptr<GlooBuffer>, kMessagesAhead> in_buffers_;

  std::thread reader_;
  std::thread writer_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_PAIR_H_
