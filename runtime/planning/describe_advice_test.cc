// Advice as sentences.
#include <catch2/catch.hpp>

#include "runtime/planning/memory_advice.h"

namespace baton {

TEST_CASE("advice on memory as a sentence") {
  MemoryAdvice advice;
  CHECK(DescribeAdvice(advice) == "");
  advice.step_time = 1000;
  CHECK(DescribeAdvice(advice) ==
        "nothing tried fits, neither other schedules nor recomputation, splits or micro-batches: more stages or a "
        "smaller model would help");
  advice.leanest = MemorySuggestion{"pipeline.recompute=FULL", 3 << 20, 1300};
  CHECK(DescribeAdvice(advice) ==
        "nothing tried fits, neither other schedules nor recomputation, splits or micro-batches; the least is 3.00 MiB "
        "by pipeline.recompute=FULL: more stages or a smaller model would help");
  advice.fitting = {{"batch.micro_batches=16", 1 << 20, 900}, *advice.leanest};
  CHECK(DescribeAdvice(advice) ==
        "these fit: batch.micro_batches=16 (1.00 MiB, step -10 %); pipeline.recompute=FULL (3.00 MiB, step +30 %)");
  advice.too_large = true;
  CHECK(DescribeAdvice(advice) == "the job is too large to try alternatives");
}

}  // namespace baton
