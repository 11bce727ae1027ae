// Programs are refused by the memory that they need, whatever the numbers that multiply to it.
#include "runtime/planning/program_size.h"

#include <catch2/catch.hpp>
#include <limits>

namespace baton {
namespace {

constexpr Bytes kGib = Bytes{1} << 30;

CompileRequest Request(int stages, int micro_batches, int chunks) {
  CompileRequest request;
  request.num_stages = stages;
  request.num_micro_batches = micro_batches;
  request.chunks_per_device = chunks;
  return request;
}

TEST_CASE("a program is allowed exactly where its estimate fits") {
  const CompileRequest request = Request(512, 4096, 1);
  const Bytes needed = ProgramSizeBytes(request);
  CHECK(needed == 2 * kGib);
  CHECK(CheckProgramSize(request, needed).ok());
  CHECK_FALSE(CheckProgramSize(request, needed - 1).ok());
}

TEST_CASE("each factor counts") {
  CHECK(ProgramSizeBytes(Request(8, 16, 1)) * 2 == ProgramSizeBytes(Request(16, 16, 1)));
  CHECK(ProgramSizeBytes(Request(8, 16, 1)) * 2 == ProgramSizeBytes(Request(8, 32, 1)));
  CHECK(ProgramSizeBytes(Request(8, 16, 1)) * 2 == ProgramSizeBytes(Request(8, 16, 2)));
}

TEST_CASE("the message names the numbers and both amounts of memory") {
  const absl::Status status = CheckProgramSize(Request(4096, 65536, 2), 3 * kGib);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() ==
        "batch.micro_batches: 65536 times pipeline.stages 4096 times pipeline.chunks_per_device 2 are a program of "
        "about 512 GiB, but 3.00 GiB of this machine's memory is free");
}

TEST_CASE("the largest numbers overflow nothing") {
  constexpr int kMost = std::numeric_limits<int>::max();
  CHECK(ProgramSizeBytes(Request(kMost, kMost, kMost)) == Bytes{1'000'000'000'000'000'000});
  CHECK_FALSE(CheckProgramSize(Request(kMost, kMost, kMost), kGib).ok());
}

}  // namespace
}  // namespace baton
