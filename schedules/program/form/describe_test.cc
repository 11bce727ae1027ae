// Describe, ChunkOf and MicroBatchOf on every operation.
#include "schedules/program/form/describe.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

struct Case {
  Operation operation;
  const char* text;
  int chunk;
  int micro_batch;
};

TEST_CASE("every operation has its words, chunk and micro-batch") {
  const Case cases[] = {
      {Load{0, 5, DataKind::kInputs, 1}, "Load inputs chunk 0 micro-batch 5", 0, 5},
      {Load{3, 5, DataKind::kTargets, 1}, "Load targets chunk 3 micro-batch 5", 3, 5},
      {Forward{2, 5, 0, 0, 0, 0, 0}, "Forward chunk 2 micro-batch 5", 2, 5},
      {Backward{2, 6, 0, 0, 0, 0, 0, 0}, "Backward chunk 2 micro-batch 6", 2, 6},
      {BackwardInput{2, 7, 0, 0, 0, 0, 0, 0, 0}, "BackwardInput chunk 2 micro-batch 7", 2, 7},
      {BackwardWeight{1, 5, 0, 0, 0, 0}, "BackwardWeight chunk 1 micro-batch 5", 1, 5},
      {Send{1, 5, Payload::kActivation, 2, 0}, "Send activation chunk 1 micro-batch 5 to device 2", 1, 5},
      {Recv{2, 5, Payload::kActivation, 1, 0}, "Recv activation chunk 2 micro-batch 5 from device 1", 2, 5},
      {Recv{1, 5, Payload::kGradient, 2, 0}, "Recv gradient chunk 1 micro-batch 5 from device 2", 1, 5},
      {AllReduce{4}, "AllReduce group 4", -1, -1},
      {AllGather{5}, "AllGather group 5", -1, -1},
      {ReduceScatter{6}, "ReduceScatter group 6", -1, -1},
      {Update{3}, "Update chunk 3", 3, -1},
      {Forward{-7, 1 << 30, 0, 0, 0, 0, 0}, "Forward chunk -7 micro-batch 1073741824", -7, 1 << 30},
  };
  for (const Case& row : cases) {
    CHECK(Describe(row.operation) == row.text);
    CHECK(ChunkOf(row.operation) == row.chunk);
    CHECK(MicroBatchOf(row.operation) == row.micro_batch);
  }
}

}  // namespace
}  // namespace baton
