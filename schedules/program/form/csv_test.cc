// Programs as PyTorch would print their orders.
#include "schedules/program/form/csv.h"

#include <catch2/catch.hpp>

#include "schedules/program/testing/example_program.h"

namespace baton {
namespace {

TEST_CASE("one row a device, one cell an instruction") {
  CHECK(WriteCsv(ExampleProgram(), false) == "0F0,0I0,0W0\n1F0,1B0\n");
  CHECK(WriteCsv(ExampleProgram(), true) == "0F0,0SEND_F0,0RECV_B0,0I0,0W0\n1RECV_F0,1F0,1B0,1SEND_B0\n");
}

TEST_CASE("chunks and micro-batches of several digits, and a device without work") {
  Program program;
  program.num_chunks = 13;
  program.num_micro_batches = 200;
  program.placement = ChunkPlacement::Of(std::vector<int32_t>(13, 0));
  program.devices.resize(2);
  Append(program.devices[0], Forward{12, 199, 0, 0, 0, 0, 0});
  CHECK(WriteCsv(program, false) == "12F199\n\"\"\n");
}

}  // namespace
}  // namespace baton
