// Counts what each piece of work still waits for, and draws the next piece among those that wait for nothing.
#include "tests/cuda_stand_in/work_queue.h"

#include <chrono>
#include <limits>
#include <utility>

namespace baton::stand_in {
namespace {

// RunNowAndThen runs something in one of this many calls.
constexpr uint64_t kEagerness = 8;
// The most pieces that one such call, or one Poll, runs.
constexpr uint64_t kMostAtOnce = 16;

Nanos Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::shared_ptr<Work> WorkQueue::Add(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits) {
  return Insert(std::move(run), waits, /*holds=*/0);
}

std::shared_ptr<Work> WorkQueue::AddHeld(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits) {
  return Insert(std::move(run), waits, /*holds=*/1);
}

std::shared_ptr<Work> WorkQueue::Insert(std::function<void()> run, const std::vector<std::shared_ptr<Work>>& waits,
                                        int holds) {
  auto work = std::make_shared<Work>();
  work->run = std::move(run);
  baton::MutexLock lock(&mutex_);
  work->num_waits = holds;
  for (const std::shared_ptr<Work>& wait : waits) {
    if (wait == nullptr || wait->done) continue;
    wait->followers.push_back(work);
    ++work->num_waits;
  }
  if (work->num_waits == 0) ready_.push_back(work);
  return work;
}

void WorkQueue::RunNowAndThen() {
  baton::MutexLock lock(&mutex_);
  if (Random() % kEagerness == 0 && !running_) RunSome(nullptr, 1 + Random() % kMostAtOnce);
}

void WorkQueue::Release(const std::shared_ptr<Work>& work) {
  baton::MutexLock lock(&mutex_);
  if (--work->num_waits == 0) ready_.push_back(work);
}

bool WorkQueue::RunSome(const Work* work, uint64_t most) {
  if (running_) {
    while (running_) finished_.Wait(&mutex_);
    return true;
  }
  if (broken_ || ready_.empty()) return false;
  running_ = true;
  if (before_) before_();
  for (uint64_t i = 0; i < most && !broken_ && !ready_.empty() && (work == nullptr || !work->done); ++i) RunOne();
  if (after_) after_();
  running_ = false;
  finished_.SignalAll();
  return true;
}

void WorkQueue::RunOne() {
  std::swap(ready_[Random() % ready_.size()], ready_.back());
  const std::shared_ptr<Work> work = std::move(ready_.back());
  ready_.pop_back();
  if (work->run) {
    mutex_.Unlock();
    work->run();
    mutex_.Lock();
    work->run = nullptr;
  }
  work->done = true;
  work->done_at = Now();
  for (const std::shared_ptr<Work>& follower : work->followers) {
    if (--follower->num_waits == 0) ready_.push_back(follower);
  }
  work->followers.clear();
}

bool WorkQueue::RunUntilDone(const std::shared_ptr<Work>& work) {
  if (work == nullptr) return true;
  baton::MutexLock lock(&mutex_);
  while (!work->done) {
    if (!RunSome(work.get(), std::numeric_limits<uint64_t>::max())) return false;
  }
  return true;
}

bool WorkQueue::Poll(const std::shared_ptr<Work>& work) {
  if (work == nullptr) return true;
  baton::MutexLock lock(&mutex_);
  if (!work->done) RunSome(work.get(), 1 + Random() % kMostAtOnce);
  return work->done;
}

void WorkQueue::RunAll() {
  baton::MutexLock lock(&mutex_);
  while (RunSome(nullptr, std::numeric_limits<uint64_t>::max())) {
  }
}

void WorkQueue::Break() {
  baton::MutexLock lock(&mutex_);
  broken_ = true;
}

void WorkQueue::Clear() {
  baton::MutexLock lock(&mutex_);
  ready_.clear();
  broken_ = false;
}

void WorkQueue::SetSeed(uint64_t seed) {
  baton::MutexLock lock(&mutex_);
  random_ = seed;
}

void WorkQueue::SetBrackets(std::function<void()> before, std::function<void()> after) {
  baton::MutexLock lock(&mutex_);
  before_ = std::move(before);
  after_ = std::move(after);
}

// SplitMix64 (Steele, Lea and Flood 2014).
uint64_t WorkQueue::Random() {
  uint64_t z = random_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace baton::stand_in
