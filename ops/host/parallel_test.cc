#include "ops/host/parallel.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

namespace baton {
namespace {

TEST_CASE("parts are consecutive, and each element is in one part") {
  for (int threads : {1, 2, 3, 7}) {
    for (int64_t count : {0, 1, 2, 5, 64, 1001}) {
      CAPTURE(threads, count);
      std::vector<int> times(count, 0);
      std::vector<int64_t> ends(threads, -1), begins(threads, -1);
      ParallelFor(threads, count, 1, [&](int64_t begin, int64_t end, int thread) {
        begins[thread] = begin;
        ends[thread] = end;
        for (int64_t i = begin; i < end; ++i) ++times[i];
      });
      for (int each : times) CHECK(each == 1);
      for (int i = 1; i < threads; ++i) {
        if (begins[i] > 0) CHECK(begins[i] == ends[i - 1]);
      }
    }
  }
}

TEST_CASE("several threads share a loop that has enough elements for each, and no other") {
  const auto parts = [](int threads, int64_t count, int64_t least) {
    std::atomic<int> number{0};
    ParallelFor(threads, count, least, [&](int64_t, int64_t, int) { ++number; });
    return number.load();
  };
  CHECK(parts(3, 30, 10) == 3);
  CHECK(parts(3, 29, 10) == 2);
  CHECK(parts(3, 19, 10) == 1);
  CHECK(parts(1, 1000, 1) == 1);
  CHECK(parts(2, 0, 1) == 0);
  CHECK(LeastPart(4) == 16384);
  CHECK(LeastPart(1 << 20) == 1);
}

TEST_CASE("an error of any part is returned") {
  for (int64_t wrong : {0, 5, 9}) {
    const absl::Status status = TryParallelFor(2, 10, 1, [&](int64_t begin, int64_t end, int) {
      return begin <= wrong && wrong < end ? absl::InternalError("part") : absl::OkStatus();
    });
    CHECK(status == absl::InternalError("part"));
  }
  CHECK(TryParallelFor(2, 10, 1, [](int64_t, int64_t, int) { return absl::OkStatus(); }) == absl::OkStatus());
}

}  // namespace
}  // namespace baton
