// Limits in both units, what is refused, and the smallest limit that is feasible.
#include "schedules/costs/activation_limits.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

CostModel FourChunks(Bytes saved, Bytes saved_weight) {
  CostModel costs;
  costs.chunks.resize(4);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.saved_bytes = saved;
    chunk.saved_weight_bytes = saved_weight;
  }
  return costs;
}

TEST_CASE("limits in micro-batches count chunks of a device") {
  MemoryLimit asked;
  asked.micro_batches = {2.5};
  asked.weight_fraction = 0.25;
  const auto limits = ResolveLimits(asked, FourChunks(0, 0), 2);
  REQUIRE(limits.ok());
  CHECK(limits->limit == std::vector<int64_t>{5000000, 5000000});  // of two chunks each
  CHECK(limits->activation == std::vector<int64_t>(4, 1000000));
  CHECK(limits->weight_activation == std::vector<int64_t>(4, 250000));
  CHECK(limits->Format(3000000) == "1.5 micro-batches");
  CHECK(limits->Format(2000000) == "1 micro-batch");
}

TEST_CASE("the part of an activation that is live until backward-weight comes from the costs unless it is given") {
  MemoryLimit asked;
  asked.bytes = {1000, 2000};
  const CostModel costs = FourChunks(300, 100);
  auto limits = ResolveLimits(asked, costs, 2);
  REQUIRE(limits.ok());
  CHECK(limits->limit == std::vector<int64_t>{1000, 2000});
  CHECK(limits->activation == std::vector<int64_t>(4, 400));
  CHECK(limits->weight_activation == std::vector<int64_t>(4, 100));
  asked.weight_fraction = 0.5;
  CHECK(ResolveLimits(asked, costs, 2)->weight_activation == std::vector<int64_t>(4, 200));
  CHECK(ResolveLimits({}, costs, 2)->weight_activation == std::vector<int64_t>(4, 250000));
  CHECK(ResolveLimits({}, FourChunks(0, 0), 2)->weight_activation == std::vector<int64_t>(4, 1000000));
  CHECK(ResolveLimits({}, costs, 2)->limit == std::vector<int64_t>(2, kNoActivationLimit));
}

TEST_CASE("limits that mean nothing are refused") {
  const std::string micro_batches = "pipeline.search.activation_limit_micro_batches: ";
  const std::string bytes = "pipeline.search.activation_limit_bytes: ";
  struct Refused {
    MemoryLimit asked;
    std::string message;
  };
  const Refused refused = GENERATE_COPY(
      Refused{{{1}, {1}, {}},
              bytes + "pipeline.search.activation_limit_micro_batches is given too; leave one of them out"},
      Refused{{{1, 2, 3}, {}, {}}, micro_batches + "3 numbers; must be one for all devices, or one for each of 2"},
      Refused{{{0}, {}, {}}, micro_batches + "0; must be above 0 and at most 1000000 micro-batches"},
      Refused{{{2, -1}, {}, {}}, micro_batches + "-1; must be above 0 and at most 1000000 micro-batches"},
      Refused{{{}, {0}, {}}, bytes + "0; must be at least 1"},
      Refused{{{}, {}, 1.5}, "pipeline.search.weight_activation_fraction: 1.5; must be from 0 to 1"},
      Refused{{{}, {64}, {}},
              bytes + "the costs give no bytes of activations; give them, or limit micro-batches instead"});
  const auto limits = ResolveLimits(refused.asked, FourChunks(0, 0), 2);
  CHECK(limits.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(limits.status().message() == refused.message);
}

TEST_CASE("a limit below one micro-batch on all chunks of a device is refused with the smallest that is enough") {
  MemoryLimit asked;
  asked.micro_batches = {2, 0.75};
  const std::vector<int32_t> devices = {0, 1, 1, 0};
  auto limits = ResolveLimits(asked, FourChunks(0, 0), 2);
  REQUIRE(limits.ok());
  CHECK(CheckFeasible(*limits, devices).message() ==
        "pipeline.search.activation_limit_micro_batches: device 1 is limited to 0.75 micro-batches; the smallest "
        "limit that any order can keep is 1 micro-batch, for one micro-batch in flight");
  asked.micro_batches = {1};
  CHECK(CheckFeasible(*ResolveLimits(asked, FourChunks(0, 0), 2), devices).ok());
  asked = {};
  asked.bytes = {799};
  CHECK(CheckFeasible(*ResolveLimits(asked, FourChunks(300, 100), 2), devices).message() ==
        "pipeline.search.activation_limit_bytes: device 0 is limited to 799 bytes; the smallest limit that any order "
        "can keep "
        "is 800 bytes, for one micro-batch in flight");
}

}  // namespace
}  // namespace baton
