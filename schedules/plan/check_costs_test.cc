// CheckCosts: what it accepts and what it refuses.
#include "schedules/plan/check_costs.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

void CheckRefused(const CostModel& costs, const char* message) {
  const absl::Status status = CheckCosts(costs, 2, 4);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == message);
}

TEST_CASE("a sane cost model is accepted, with zeros too") {
  CostModel costs;
  costs.chunks.resize(2);
  CHECK(CheckCosts(costs, 2, 4).ok());
  costs.chunks[0].forward_ns = 1000000000;
  costs.chunks[1].saved_bytes = int64_t{1} << 40;
  costs.transfer_ns = 5;
  CHECK(CheckCosts(costs, 2, 4).ok());
}

TEST_CASE("bad cost models are refused by field") {
  CostModel good;
  good.chunks.resize(2);
  CostModel costs = good;
  costs.chunks.resize(3);
  CheckRefused(costs, "costs.chunks: 3 chunks; the schedule has 2");
  costs = good;
  costs.chunks[1].backward_input_ns = -1;
  CheckRefused(costs, "costs.chunks[1].backward_input_ns: -1; must be at least 0");
  costs = good;
  costs.chunks[0].stash_bytes = -64;
  CheckRefused(costs, "costs.chunks[0].stash_bytes: -64; must be at least 0");
  costs = good;
  costs.transfer_ns = -3;
  CheckRefused(costs, "costs.transfer_ns: -3; must be at least 0");
  costs = good;
  costs.link_ns = {3};
  CheckRefused(costs, "costs.link_ns: 1 links; must be none, or one for each of 2 chunks");
  costs.link_ns = {3, -4};
  CheckRefused(costs, "costs.link_ns[1]: -4; must be at least 0");
  costs.link_ns = {int64_t{1} << 60, 0};
  CheckRefused(costs, "costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  costs = good;
  costs.chunks[0].forward_ns = int64_t{1} << 60;
  CheckRefused(costs, "costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  costs = good;
  costs.chunks[0].saved_bytes = int64_t{1} << 60;
  CheckRefused(costs, "costs: the sizes of all chunks and micro-batches add up to more than 2^61 bytes");
}

}  // namespace
}  // namespace baton
