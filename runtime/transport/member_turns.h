// The turns that the members of tensor-parallel groups take while a step is recorded. Then each member's thread walks
// its own instructions, but only one runs at a time, from one meeting to the next, since a graph is no place for
// several threads at once. Made by training sessions; used by Executor and MemberMeeting.
//
//   member 0   Take ─ walks to a meeting ─ Give                       Take ─ walks on …
//   member 1                               Take ─ walks to the meeting, passes it, walks to the next one ─ Give
#ifndef BATON_RUNTIME_TRANSPORT_MEMBER_TURNS_H_
#define BATON_RUNTIME_TRANSPORT_MEMBER_TURNS_H_

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace baton {

// Outside of Begin and End nobody takes turns, and Take and Give do nothing. Thread contract: Begin and End while no
// member runs; Take and Give by turns, by the members' threads.
class MemberTurns {
 public:
  void Begin() { active_ = true; }
  void End() { active_ = false; }

  // Blocks until no other thread has the turn.
  void Take() {
    if (!active_) return;
    MutexLock lock(&mutex_);
    while (taken_) given_.Wait(&mutex_);
    taken_ = true;
  }
  void Give() {
    if (!active_) return;
    MutexLock lock(&mutex_);
    taken_ = false;
    given_.Signal();
  }

 private:
  std::atomic<bool> active_{false};
  Mutex mutex_;
  CondVar given_;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_MEMBER_TURNS_H_
