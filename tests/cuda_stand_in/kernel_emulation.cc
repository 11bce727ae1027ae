// Runs one block after another. The threads of a block take turns until all have returned.
#include "tests/cuda_stand_in/kernel_emulation.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/cuda_stand_in/fiber.h"

namespace baton::stand_in {
namespace {

constexpr int kMaxThreads = 1024;
constexpr size_t kMaxSharedBytes = size_t{227} << 10;
constexpr unsigned int kAllLanes = 0xffffffffu;

std::atomic<uint64_t> next_order{1};

// SplitMix64 (Steele, Lea and Flood 2014).
class Order {
 public:
  explicit Order(uint64_t seed) : state_(seed) {}
  int64_t Below(int64_t limit) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    // 32 random bits times the limit: the upper half of the product is below the limit. Faster than a remainder.
    return static_cast<int64_t>((((z ^ (z >> 31)) >> 32) * static_cast<uint64_t>(limit)) >> 32);
  }

 private:
  uint64_t state_;
};

// The lanes that wait, and the values that they exchange. Exchanges use the two arrays by turns, so that one wait for
// each exchange is enough.
struct Warp {
  std::vector<int> waiting;
  int size = 0;
  uint64_t values[2][kWarpSize];
};

struct EmulatedThread {
  ThreadIndices indices;
  int turn = 0;  // index of Warp::values for the next exchange
};

// The block that the calling host thread runs now. The next block uses the same fibers.
class Block {
 public:
  absl::Status Run(const ThreadIndices& indices, size_t shared_bytes, const std::function<void()>& body, Order* order);

  const ThreadIndices& current_thread() const { return threads_[current_].indices; }
  std::byte* dynamic_shared() { return dynamic_shared_.data(); }

  void SyncBlock() {
    waiting_.push_back(current_);
    if (static_cast<int>(waiting_.size()) == static_cast<int>(threads_.size())) Release(&waiting_);
    fibers_[current_]->Suspend();
  }

  void SyncWarp(unsigned int mask) {
    if (mask != kAllLanes) fault_ = absl::StrCat("a warp operation names only some lanes: mask ", mask);
    Warp& warp = warps_[current_ / kWarpSize];
    warp.waiting.push_back(current_);
    if (static_cast<int>(warp.waiting.size()) == warp.size) Release(&warp.waiting);
    fibers_[current_]->Suspend();
  }

  const uint64_t* Exchange(unsigned int mask, uint64_t own, int* num_lanes, int* lane) {
    Warp& warp = warps_[current_ / kWarpSize];
    uint64_t* values = warp.values[threads_[current_].turn];
    threads_[current_].turn ^= 1;
    values[current_ % kWarpSize] = own;
    SyncWarp(mask);
    *num_lanes = warp.size;
    *lane = current_ % kWarpSize;
    return values;
  }

  void CheckAligned(const void* address, size_t bytes) {
    if (reinterpret_cast<uintptr_t>(address) % bytes == 0) return;
    fault_ = absl::StrCat("an access of ", bytes, " bytes at address ", reinterpret_cast<uintptr_t>(address),
                          " is not aligned");
  }

  void BeginShared(void* memory, size_t bytes) {
    if (std::find(shared_.begin(), shared_.end(), memory) != shared_.end()) return;
    shared_.push_back(memory);
    std::memset(memory, 0xff, bytes);
  }

 private:
  void Release(std::vector<int>* waiting) {
    ready_.insert(ready_.end(), waiting->begin(), waiting->end());
    waiting->clear();
  }
  void Prepare(const ThreadIndices& indices, size_t shared_bytes, const std::function<void()>& body);
  // Describes the barriers at which threads wait forever.
  std::string DescribeStuck(int num_returned) const;

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<EmulatedThread> threads_;
  std::vector<Warp> warps_;
  std::vector<int> ready_;
  std::vector<int> waiting_;  // at a barrier of the block
  std::vector<std::byte> dynamic_shared_;
  std::vector<void*> shared_;  // static shared memory that this block has poisoned
  std::string fault_;
  int current_ = 0;
};

void Block::Prepare(const ThreadIndices& indices, size_t shared_bytes, const std::function<void()>& body) {
  const dim3& extent = indices.block_extent;
  const int count = static_cast<int>(extent.x * extent.y * extent.z);
  while (static_cast<int>(fibers_.size()) < count) fibers_.push_back(std::make_unique<Fiber>());
  threads_.assign(count, EmulatedThread{indices});
  warps_.assign((count + kWarpSize - 1) / kWarpSize, Warp{});
  ready_.clear();
  waiting_.clear();
  shared_.clear();
  fault_.clear();
  dynamic_shared_.assign(shared_bytes, std::byte{0xff});
  for (int i = 0; i < count; ++i) {
    const unsigned int index = static_cast<unsigned int>(i);
    threads_[i].indices.thread = {index % extent.x, index / extent.x % extent.y, index / extent.x / extent.y};
    ++warps_[i / kWarpSize].size;
    fibers_[i]->Start(&body);
    ready_.push_back(i);
  }
}

absl::Status Block::Run(const ThreadIndices& indices, size_t shared_bytes, const std::function<void()>& body,
                        Order* order) {
  Prepare(indices, shared_bytes, body);
  const int count = static_cast<int>(threads_.size());
  int num_returned = 0;
  while (!ready_.empty()) {
    std::swap(ready_[order->Below(static_cast<int64_t>(ready_.size()))], ready_.back());
    current_ = ready_.back();
    ready_.pop_back();
    fibers_[current_]->Resume();
    if (fibers_[current_]->done()) ++num_returned;
  }
  if (num_returned < count) {
    fault_ = DescribeStuck(num_returned);
    fibers_.clear();  // fibers that are not done cannot start again
  }
  return fault_.empty() ? absl::OkStatus() : absl::InternalError(fault_);
}

std::string Block::DescribeStuck(int num_returned) const {
  int in_warps = 0;
  for (const Warp& warp : warps_) in_warps += static_cast<int>(warp.waiting.size());
  return absl::StrCat("a block of ", threads_.size(), " threads is stuck: ", waiting_.size(), " wait at a barrier, ",
                      in_warps, " in a warp operation, and ", num_returned, " have returned");
}

Block& ThisBlock() {
  thread_local Block block;
  return block;
}

absl::Status CheckLaunch(const dim3& grid, const dim3& block, size_t shared_bytes) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMaxThreads || block.z > 64) {
    return absl::InternalError(absl::StrCat("block: ", block.x, " x ", block.y, " x ", block.z,
                                            " threads; a GPU takes 1 to ", kMaxThreads,
                                            ", at most 64 of them along z"));
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) {
    return absl::InternalError(absl::StrCat("grid: ", grid.x, " x ", grid.y, " x ", grid.z,
                                            " blocks; a GPU takes 1 to 2147483647 x 65535 x 65535"));
  }
  if (shared_bytes <= kMaxSharedBytes) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("shared memory: ", shared_bytes, " bytes; a block may have ", kMaxSharedBytes));
}

}  // namespace

const ThreadIndices& CurrentThread() { return ThisBlock().current_thread(); }

void SyncBlock() { ThisBlock().SyncBlock(); }

void SyncWarp(unsigned int mask) { ThisBlock().SyncWarp(mask); }

const uint64_t* ExchangeInWarp(unsigned int mask, uint64_t own, int* num_lanes, int* lane) {
  return ThisBlock().Exchange(mask, own, num_lanes, lane);
}

std::byte* DynamicSharedMemory() { return ThisBlock().dynamic_shared(); }

void CheckAligned(const void* address, size_t bytes) { ThisBlock().CheckAligned(address, bytes); }

void BeginShared(void* memory, size_t bytes) { ThisBlock().BeginShared(memory, bytes); }

absl::Status RunKernel(const dim3& grid, const dim3& block, size_t shared_bytes, const std::function<void()>& body) {
  if (absl::Status status = CheckLaunch(grid, block, shared_bytes); !status.ok()) return status;
  Order order(next_order.fetch_add(1));
  const uint64_t count = uint64_t{grid.x} * grid.y * grid.z;
  std::vector<unsigned int> blocks(count);
  for (uint64_t i = 0; i < count; ++i) {
    blocks[i] = static_cast<unsigned int>(i);
    std::swap(blocks[i], blocks[order.Below(static_cast<int64_t>(i) + 1)]);
  }
  ThreadIndices indices;
  indices.block_extent = block;
  indices.grid_extent = grid;
  for (const unsigned int index : blocks) {
    indices.block = {index % grid.x, index / grid.x % grid.y, index / grid.x / grid.y};
    if (absl::Status status = ThisBlock().Run(indices, shared_bytes, body, &order); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void SetKernelOrder(uint64_t seed) { next_order.store(seed); }

}  // namespace baton::stand_in
