// Counts calls of operator new, which this binary replaces, while steps run on all threads.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "runtime/execute/testing/pipeline_harness.h"

namespace {

std::atomic<int64_t> num_allocations{0};

void* CountedAllocate(std::size_t bytes) {
  num_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace

// Out of memory is beyond this test, and a null pointer then ends it.
void* operator new(std::size_t bytes) { return CountedAllocate(bytes); }
void* operator new[](std::size_t bytes) { return CountedAllocate(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return CountedAllocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return CountedAllocate(bytes); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace baton {
namespace {

TEST_CASE("the counter counts") {
  const int64_t before = num_allocations.load();
  auto block = std::make_unique<int>(1);
  CHECK(block != nullptr);
  CHECK(num_allocations.load() > before);
}

TEST_CASE("executor: a step allocates nothing once the trace is made") {
  PipelineSpec spec;
  spec.num_devices = GENERATE(1, 3);
  spec.num_micro_batches = 6;
  PipelineHarness harness(spec);
  REQUIRE(harness.Start() == absl::OkStatus());
  Trace trace;
  REQUIRE(harness.executor().RunStep(&trace) == absl::OkStatus());
  const int64_t before = num_allocations.load();
  bool all_ok = true;
  for (int step = 0; step < 5; ++step) all_ok = harness.executor().RunStep(&trace).ok() && all_ok;
  const int64_t allocations = num_allocations.load() - before;
  CHECK(all_ok);
  CHECK(allocations == 0);
}

}  // namespace
}  // namespace baton
