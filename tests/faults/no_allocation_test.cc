// Counts calls of operator new, which this binary replaces, while steps of real layers run on all threads. Calls by
// oneDNN itself do not count: it makes tables of a primitive's arguments each time.
#include <dlfcn.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/faults/fault_job.h"
#include "tests/faults/job_pipeline.h"

namespace {

std::atomic<int64_t> num_allocations{0};

bool IsInOneDnn(const void* code) {
  Dl_info info;
  return dladdr(code, &info) != 0 && info.dli_fname != nullptr && std::strstr(info.dli_fname, "libdnnl") != nullptr;
}

void* CountedAllocate(std::size_t bytes, const void* caller) {
  if (!IsInOneDnn(caller)) num_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace

// Out of memory is beyond this test, and a null pointer then ends it.
void* operator new(std::size_t bytes) { return CountedAllocate(bytes, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return CountedAllocate(bytes, __builtin_return_address(0)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return CountedAllocate(bytes, __builtin_return_address(0));
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return CountedAllocate(bytes, __builtin_return_address(0));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace baton {
namespace {

TEST_CASE("real layers: steps after the first allocate nothing") {
  JobPipeline pipeline(FaultJob());
  REQUIRE(pipeline.Start() == absl::OkStatus());
  const int64_t at_start = num_allocations.load();
  Trace trace;
  REQUIRE(pipeline.executor().RunStep(&trace) == absl::OkStatus());
  const int64_t after_one = num_allocations.load();
  CHECK(after_one > at_start);  // the trace, and what layers make at their first run
  bool all_ok = true;
  for (int step = 0; step < 3; ++step) all_ok = pipeline.executor().RunStep(&trace).ok() && all_ok;
  const int64_t allocations = num_allocations.load() - after_one;
  CHECK(all_ok);
  CHECK(allocations == 0);
}

TEST_CASE("real layers: steps use each arena to its planned end and no further") {
  JobPipeline pipeline(FaultJob());
  REQUIRE(pipeline.Start() == absl::OkStatus());
  REQUIRE(pipeline.executor().RunStep(nullptr) == absl::OkStatus());
  for (int device = 0; device < pipeline.program().num_devices(); ++device) {
    CHECK(pipeline.executor().PeakArenaBytes(device) == pipeline.program().devices[device].arena_bytes);
  }
}

}  // namespace
}  // namespace baton
