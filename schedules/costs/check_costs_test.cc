// CheckCosts: what it accepts and what it refuses.
#include "schedules/costs/check_costs.h"

#include <catch2/catch.hpp>
#include <cmath>

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
  costs.bytes_per_ns = 900;
  costs.devices_per_node = 1;
  costs.inter = {10'000, 50};
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
  costs.bytes_per_ns = -1;
  CheckRefused(costs, "costs.bytes_per_ns: -1; must be 0 or from 1e-06 to 1e+06");
  costs = good;
  costs.inter.bytes_per_ns = std::nan("");
  CheckRefused(costs, "costs.inter.bytes_per_ns: nan; must be 0 or from 1e-06 to 1e+06");
  costs = good;
  costs.devices_per_node = -2;
  CheckRefused(costs, "costs.devices_per_node: -2; must be at least 0");
  costs = good;
  costs.inter.latency_ns = -1;
  CheckRefused(costs, "costs.inter.latency_ns: -1; must be at least 0");
  costs = good;
  costs.cores.cores = -1;
  CheckRefused(costs, "costs.cores.cores: -1; must be at least 0");
  costs = good;
  costs.cores.threads_each = 0;
  CheckRefused(costs, "costs.cores.threads_each: 0; must be at least 1");
  costs = good;
  costs.cores.devices_per_host = -1;
  CheckRefused(costs, "costs.cores.devices_per_host: -1; must be at least 0");
  costs = good;
  costs.chunks[0].forward_ns = int64_t{1} << 58;
  CHECK(CheckCosts(costs, 2, 4).ok());
  costs.cores = {1, 8, 0};
  CheckRefused(costs, "costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  costs = good;
  costs.bytes_per_ns = 1e-6;
  costs.chunks[0].output_bytes = int64_t{1} << 45;
  CheckRefused(costs, "costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  costs = good;
  costs.chunks[0].forward_ns = int64_t{1} << 60;
  CheckRefused(costs, "costs: the times of all chunks and micro-batches add up to more than 2^61 ns");
  costs = good;
  costs.chunks[0].saved_bytes = int64_t{1} << 60;
  CheckRefused(costs, "costs: the sizes of all chunks and micro-batches add up to more than 2^61 bytes");
}

TEST_CASE("a link is that of the pair's nodes, and takes latency and bytes") {
  CostModel costs;
  costs.transfer_ns = 3000;
  costs.bytes_per_ns = 900;
  costs.devices_per_node = 4;
  costs.inter = {10'000, 50};
  CHECK(costs.TransferNanos(0, 0, 3, 9000) == 3010);
  CHECK(costs.TransferNanos(0, 3, 4, 9000) == 10'180);
  CHECK(costs.TransferNanos(0, 7, 0, 0) == 10'000);
  costs.devices_per_node = 0;
  CHECK(costs.TransferNanos(0, 3, 4, 9000) == 3010);
  costs.bytes_per_ns = 0;
  CHECK(costs.TransferNanos(0, 3, 4, 9000) == 3000);
  costs.link_ns = {5, 6};
  CHECK(costs.TransferNanos(1, 3, 4, 9000) == 6);
}

TEST_CASE("an AllReduce takes a ring over the slowest link") {
  CostModel costs;
  costs.reduce_ns = 7;
  costs.transfer_ns = 100;
  CHECK(costs.ReduceNanos({0, 1, 2, 2, 3}, 4000) == 7);  // no bandwidth: only what is given for it
  costs.bytes_per_ns = 10;
  CHECK(costs.ReduceNanos({0, 1, 2, 2, 3}, 4000) == 7 + 6 * (100 + 100));
  CHECK(costs.ReduceNanos({2, 2}, 4000) == 7);
  costs.devices_per_node = 3;
  costs.inter = {1000, 1};
  CHECK(costs.ReduceNanos({3, 0}, 4000) == 7 + 2 * (1000 + 2000));
}

}  // namespace
}  // namespace baton
