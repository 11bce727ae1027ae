// The pending work of the stand-in's GPUs: pieces of work and what each waits for. Pieces run one at a time, on a
// thread that waits for one, in a random order among those that may run, so that tests find missing waits. Used by the
// stand-in of the CUDA runtime.
#ifndef BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_
#define BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

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
  // Runs at most `most` pieces, until `work` is done (null: until none can run). If another thread runs pieces, waits
  // until it has finished instead. Returns false if no piece can run.
  bool RunSome(std::unique_lock<std::mutex>& lock, const Work* work, uint64_t most);
  void RunOne(std::unique_lock<std::mutex>& lock);
  uint64_t Random();

  std::mutex mutex_;
  std::condition_variable finished_;
  // Guarded by mutex_.
  std::vector<std::shared_ptr<Work>> ready_;
  bool running_ = false;
  bool broken_ = false;
  uint64_t random_ = 1;
  std::function<void()> before_, after_;
};

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_WORK_QUEUE_H_
