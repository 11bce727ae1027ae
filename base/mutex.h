// Locks that clang's -Wthread-safety checks: absl::Mutex, absl::MutexLock and absl::CondVar.
//
//   Mutex mutex_;
//   int count_ ABSL_GUARDED_BY(mutex_) = 0;
//   …
//   MutexLock lock(&mutex_);
//
// Under ThreadSanitizer each call also tells the sanitizer of its effect. The system's Abseil is not instrumented, so
// every access under an absl::Mutex would be reported as a race otherwise.
#ifndef BATON_BASE_MUTEX_H_
#define BATON_BASE_MUTEX_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace baton {

#if defined(__SANITIZE_THREAD__)

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    mutex_.Lock();
    __tsan_acquire(this);
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    __tsan_release(this);
    mutex_.Unlock();
  }

 private:
  friend class CondVar;
  absl::Mutex mutex_;
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
  void Wait(Mutex* mutex) {
    __tsan_release(mutex);
    condition_.Wait(&mutex->mutex_);
    __tsan_acquire(mutex);
  }
  bool WaitWithTimeout(Mutex* mutex, absl::Duration timeout) {
    __tsan_release(mutex);
    const bool timed_out = condition_.WaitWithTimeout(&mutex->mutex_, timeout);
    __tsan_acquire(mutex);
    return timed_out;
  }
  void Signal() { condition_.Signal(); }
  void SignalAll() { condition_.SignalAll(); }

 private:
  absl::CondVar condition_;
};

#else

using Mutex = absl::Mutex;
using MutexLock = absl::MutexLock;
using CondVar = absl::CondVar;

#endif

}  // namespace baton

#endif  // BATON_BASE_MUTEX_H_
