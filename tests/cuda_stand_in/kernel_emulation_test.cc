// Emulated kernels compute what a GPU's would, and the emulation finds the faults that it is meant to find.
#include "tests/cuda_stand_in/kernel_emulation.h"

#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

namespace baton::stand_in {
namespace {

// Runs one block of `threads`. Each thread writes its number to shared memory and reads its left neighbour's.
std::vector<int> LeftNeighbours(int threads, bool with_barrier) {
  std::vector<int> out(threads);
  REQUIRE(RunKernel(1, threads, 0, [&] {
            static thread_local int shared[256];
            BeginShared(shared, sizeof(shared));
            const int own = static_cast<int>(threadIdx.x);
            shared[own] = own;
            if (with_barrier) __syncthreads();
            out[own] = shared[(own + threads - 1) % threads];
          }).ok());
  return out;
}

}  // namespace

TEST_CASE("every thread of every block runs once with its own indices") {
  const dim3 grid(3, 2, 2);
  const dim3 block(5, 3, 2);
  std::multiset<std::vector<unsigned int>> seen;
  REQUIRE(RunKernel(grid, block, 0, [&] {
            CHECK(blockDim.x == 5);
            CHECK(gridDim.z == 2);
            seen.insert({blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z});
          }).ok());
  CHECK(seen.size() == 12 * 30);
  CHECK(std::set<std::vector<unsigned int>>(seen.begin(), seen.end()).size() == 12 * 30);
  CHECK(seen.count({2, 1, 1, 4, 2, 1}) == 1);
}

TEST_CASE("a barrier orders accesses to shared memory, and a missing one gives wrong results") {
  const int threads = GENERATE(2, 33, 256);
  std::vector<int> expected(threads);
  for (int i = 0; i < threads; ++i) expected[i] = (i + threads - 1) % threads;
  int wrong_without = 0;
  for (int run = 0; run < 20; ++run) {
    CHECK(LeftNeighbours(threads, true) == expected);
    wrong_without += LeftNeighbours(threads, false) != expected;
  }
  CHECK(wrong_without > 0);
}

TEST_CASE("lanes of a warp exchange values and votes") {
  REQUIRE(RunKernel(2, 64, 0, [] {
            const int lane = static_cast<int>(threadIdx.x) % 32;
            for (int mask = 16; mask > 0; mask /= 2) CHECK(__shfl_xor_sync(0xffffffffu, lane, mask) == (lane ^ mask));
            const double value = threadIdx.x + 0.5;
            CHECK(__shfl_sync(0xffffffffu, value, 3) == threadIdx.x / 32 * 32 + 3.5);
            CHECK(__ballot_sync(0xffffffffu, lane % 3 == 1) == 0x92492492u);
            CHECK(__ffs(0x92492492) == 2);
          }).ok());
}

TEST_CASE("shared memory starts poisoned in each block") {
  REQUIRE(RunKernel(3, 2, 8, [] {
            static thread_local uint8_t memory[4];
            BeginShared(memory, sizeof(memory));
            const int own = static_cast<int>(threadIdx.x);
            CHECK(memory[own] == 0xff);
            CHECK(DynamicSharedMemory()[own] == std::byte{0xff});
            memory[own] = 1;
            DynamicSharedMemory()[own] = std::byte{1};
          }).ok());
}

TEST_CASE("barriers that not all threads reach are faults") {
  const char* const message = "have returned";
  const auto fault = [](int threads, const std::function<void()>& body) {
    const absl::Status status = RunKernel(1, threads, 0, body);
    CHECK(status.code() == absl::StatusCode::kInternal);
    return std::string(status.message());
  };
  CHECK_THAT(fault(64,
                   [] {
                     if (threadIdx.x != 7) __syncthreads();
                   }),
             Catch::Contains(message));
  CHECK_THAT(fault(64,
                   [] {
                     if (threadIdx.x < 32) {
                       __syncthreads();
                     } else {
                       __syncwarp();
                       if (threadIdx.x == 40) __syncwarp();
                       __syncthreads();
                     }
                   }),
             Catch::Contains("63 wait at a barrier, 1 in a warp operation, and 0 have returned"));
  CHECK_THAT(fault(32, [] { __ballot_sync(1u, 1); }), Catch::Contains("mask"));
  CHECK_THAT(fault(32, [] { CheckAligned(reinterpret_cast<void*>(24), 16); }), Catch::Contains("not aligned"));
  // The next kernel is not affected.
  CHECK(LeftNeighbours(64, true)[1] == 0);
}

TEST_CASE("launches that no GPU takes are refused") {
  const auto nothing = [] {};
  CHECK_FALSE(RunKernel(1, 1025, 0, nothing).ok());
  CHECK_FALSE(RunKernel(1, 0, 0, nothing).ok());
  CHECK_FALSE(RunKernel(0, 32, 0, nothing).ok());
  CHECK_FALSE(RunKernel(dim3(1, 65536), 32, 0, nothing).ok());
  CHECK_FALSE(RunKernel(1, 32, size_t{228} << 10, nothing).ok());
  CHECK(RunKernel(1, 1024, size_t{227} << 10, nothing).ok());
}

TEST_CASE("the same seed gives the same order of threads, another seed another order") {
  const auto order_of = [](uint64_t seed) {
    std::vector<unsigned int> order;
    SetKernelOrder(seed);
    REQUIRE(RunKernel(4, 32, 0, [&] { order.push_back(blockIdx.x * 32 + threadIdx.x); }).ok());
    return order;
  };
  CHECK(order_of(5) == order_of(5));
  CHECK(order_of(5) != order_of(6));
}

TEST_CASE("several host threads may run kernels at the same time") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&wrong, i] {
      for (int run = 0; run < 10; ++run) {
        std::vector<int> sums(4);
        const absl::Status status = RunKernel(4, 128, 512, [&] {
          int* shared = reinterpret_cast<int*>(DynamicSharedMemory());
          shared[threadIdx.x] = 1;
          __syncthreads();
          if (threadIdx.x != 0) return;
          for (int t = 0; t < 128; ++t) sums[blockIdx.x] += shared[t];
        });
        wrong[i] += !status.ok() || sums != std::vector<int>(4, 128);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(3));
}

}  // namespace baton::stand_in
