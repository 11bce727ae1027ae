#include "runtime/execute/describe.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("describe: each operation in words") {
  const std::pair<Operation, const char*> cases[] = {
      {Load{0, 3, DataKind::kInputs, 1}, "Load chunk 0 micro-batch 3 inputs"},
      {Load{2, 3, DataKind::kTargets, 1}, "Load chunk 2 micro-batch 3 targets"},
      {Forward{2, 5, 0, 0, 0, 0, 0}, "Forward chunk 2 micro-batch 5"},
      {Backward{2, 5, 0, 0, 0, 0, 0, 0}, "Backward chunk 2 micro-batch 5"},
      {BackwardInput{2, 5, 0, 0, 0, 0, 0, 0, 0}, "BackwardInput chunk 2 micro-batch 5"},
      {BackwardWeight{2, 5, 0, 0, 0, 0}, "BackwardWeight chunk 2 micro-batch 5"},
      {Send{1, 4, Payload::kActivation, 2, 0}, "Send chunk 1 micro-batch 4 activation to device 2"},
      {Recv{1, 4, Payload::kGradient, 2, 0}, "Recv chunk 1 micro-batch 4 gradient from device 2"},
      {Reduce{7}, "Reduce group 7"},
      {Step{6}, "Step chunk 6"},
  };
  for (const auto& [operation, words] : cases) CHECK(DescribeOperation(operation) == words);
}

}  // namespace
}  // namespace baton
