// The pending work of the stand-in's GPUs: pieces of work and what each waits for. Pieces run one at a time, on a
// thread that waits for one, in a random order among those that may run, so that tests find missing waits. Used by the
// stand-in of the CUDA runtime.
#ifndef BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_
#define BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/units.h"

namespace baton::stand_in {

// Thread contract: guarded by the WorkQueue's mutex.
struct Work {
  std::function<void()> run;  // empty: only orders others
  int num_waits = 0;          // the pieces that it waits for and that are not done
  std::vector<std::shared_ptr<Work>> followers;
  bool done = false;
  Nanos done_at = 0;  // of std::chrono::steady_clock; valid once done
};

// Thread contract: any thread.
class WorkQueue {
 public:
  // Adds a piece that runs after all of `waits`; null pointers are ignored. Runs nothing.
  std::shared_ptr<Work> Add(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits);
  // As Add, but the piece runs only after one call of Release, too.
  std::shared_ptr<Work> AddHeld(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits);
  void Release(const std::shared_ptr<Work>& work);

  // Sometimes runs a few pieces, as a GPU works on meanwhile.
  void RunNowAndThen();
  // Runs pieces until `work` is done. Returns false if the queue is broken or no piece can run before. Null: returns
  // true at once.
  bool RunUntilDone(const std::shared_ptr<Work>& work);
  // Runs at most a few pieces; returns whether `work` is done.
  bool Poll(const std::shared_ptr<Work>& work);
  // Runs all that can run.
  void RunAll();

  // From now on nothing runs, as on a GPU after a fault.
  void Break();
  // Removes all work and repairs the queue.
  void Clear();
  void SetSeed(uint64_t seed);
  // Sets functions that are called before and after each run of pieces.
  void SetBrackets(std::function<void()> before, std::function<void()> after);

 private:
  std::shared_ptr<Work> Insert(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits, int holds);
  // Runs pieces that may run until `work` is done (null: until there are none), `most` at most, or for another thread
  // that runs some; false if there are none.
  bool RunSome(const Work* work, uint64_t most) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t Random() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  baton::Mutex mutex_;
  baton::CondVar finished_;
  std::vector<std::shared_ptr<Work>> ready_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t random_ ABSL_GUARDED_BY(mutex_) = 1;
  std::function<void()> before_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> after_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_
