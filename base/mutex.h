// Locks that clang's -Wthread-safety checks: absl::Mutex, absl::MutexLock and absl::CondVar.
//
//   Mutex mutex_;
//   int count_ ABSL_GUARDED_BY(mutex_) = 0;
//   …
//   MutexLock lock(&mutex_);
//
// Under ThreadSanitizer they stand on std::mutex: the system's Abseil is not instrumented, so the sanitizer would
// report every access under an absl::Mutex as a race.
#ifndef BATON_BASE_MUTEX_H_
#define BATON_BASE_MUTEX_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#if defined(__SANITIZE_THREAD__)
#include <condition_variable>
#include <mutex>
#endif

namespace baton {

#if defined(__SANITIZE_THREAD__)

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) { mutex->Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

class CondVar {
 public:
  void Wait(Mutex* mutex) { condition_.wait(mutex->mutex_); }
  bool WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
    if (timeout == absl::InfiniteDuration()) {
      Wait(mutex);
      return false;
    }
    return condition_.wait_for(mutex->mutex_, absl::ToChronoNanoseconds(timeout)) == std::cv_status::timeout;
  }
  void Signal() { condition_.notify_one(); }
  void SignalAll() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

#else

using Mutex = absl::Mutex;
using MutexLock = absl::MutexLock;
using CondVar = absl::CondVar;

#endif

}  // namespace baton

#endif  // BATON_BASE_MUTEX_H_
