// Messages that wait for a gRPC stream, which takes one at a time. Used by leader_server.cc and leader_client.cc.
#ifndef BATON_RUNTIME_PROCESS_WRITE_QUEUE_H_
#define BATON_RUNTIME_PROCESS_WRITE_QUEUE_H_

#include <deque>
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace baton {

// Says what to do, so that the caller starts operations without holding a lock. Thread contract: any thread; WriteDone
// once for each write that was started.
template <typename Message>
class WriteQueue {
 public:
  // The message to write now; null if a write is under way or the queue is closed.
  const Message* Push(std::shared_ptr<const Message> message) {
    MutexLock lock(&mutex_);
    if (closing_) return nullptr;
    queue_.push_back(std::move(message));
    return queue_.size() == 1 ? queue_.front().get() : nullptr;
  }
  // The next message to write; null if there is none. `finish`: the queue is closed and empty now.
  const Message* WriteDone(bool ok, bool& finish) {
    MutexLock lock(&mutex_);
    queue_.pop_front();
    if (!ok) queue_.clear();
    finish = queue_.empty() && closing_;
    return queue_.empty() ? nullptr : queue_.front().get();
  }
  // Takes no more messages. True if nothing is under way, so that the caller finishes the stream now.
  bool Close() {
    MutexLock lock(&mutex_);
    if (closing_) return false;
    closing_ = true;
    return queue_.empty();
  }

 private:
  Mutex mutex_;
  // The first one is being written.
  std::deque<std::shared_ptr<const Message>> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_WRITE_QUEUE_H_
