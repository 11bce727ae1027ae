// Programs for the validator's tests. Used by validate_test and rules_test.
#ifndef BATON_SCHEDULES_VALIDATE_TESTING_LOWERED_PROGRAM_H_
#define BATON_SCHEDULES_VALIDATE_TESTING_LOWERED_PROGRAM_H_

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/validate/validate.h"

namespace baton {

// With varied costs, a tied parameter in the first and last chunk, and the norm of all gradients.
inline Program MustLower(const ComputeOrder& order, int replicas = 1, int sum_groups = 1,
                         bool shards_optimizer = false) {
  LowerOptions options{"test", VariedCosts(order.num_chunks)};
  options.replicas = replicas;
  options.sum_groups = sum_groups;
  options.shards_optimizer = shards_optimizer;
  std::vector<int32_t> all;
  for (int32_t chunk = 0; chunk < order.num_chunks; ++chunk) all.push_back(chunk);
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, order.num_chunks - 1}, 64},
                           {ReduceKind::kGradientNorm, "", all, 64}};
  if (order.num_chunks == 1) options.reduce_groups[0].members = {0};
  auto program = Lower(order, options);
  INFO(program.status());
  REQUIRE(program.ok());
  return *std::move(program);
}

inline void CheckSound(const Program& program) {
  const absl::Status status = CheckProgram(program);
  INFO(status);
  REQUIRE(status.ok());
}

}  // namespace baton

#endif  // BATON_SCHEDULES_VALIDATE_TESTING_LOWERED_PROGRAM_H_
