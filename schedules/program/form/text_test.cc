// Programs as people read them.
#include "schedules/program/form/text.h"

#include <catch2/catch.hpp>

#include "schedules/program/testing/example_program.h"

namespace baton {
namespace {

constexpr char kExample[] = R"(program "1f1b": 2 chunks, 2 devices, 2 micro-batches
  chunks on devices 0 1
  reduce tied_gradient "tokens.weight": members 0 1, 4096 bytes
  reduce gradient_norm "": members 0 1, 64 bytes

device 0: 9 instructions, 6 slots, arena 1572864 bytes (1.5 MiB), workspace 64 bytes at 1856
  chunk 0: parameters 256 bytes at 0, gradients at 256, optimizer 512 bytes at 512
  slot %0: input, 64 bytes at 1024
  slot %1: output, 128 bytes at 1088
  slot %2: saved, 192 bytes at 1216
  slot %3: stash, 256 bytes at 1408
  slot %4: grad_output, 128 bytes at 1664
  slot %5: saved_weight, 64 bytes at 1792
     0  load inputs      c0 m0  → %0
     1  forward          c0 m0  input %0 → output %1 saved %2 saved_weight %5
     2  send activation  c0 m0  %1  device 1  after 1
     3  recv gradient    c0 m0  → %4  device 1
     4  backward_input   c0 m0  input %0 saved %2 saved_weight %5 grad_output %4 → stash %3  after 3
     5  backward_weight  c0 m0  input %0 saved_weight %5 grad_output %4 stash %3  after 2 3
     6  all_reduce       group 0
     7  all_reduce       group 1
     8  update           c0

device 1: 8 instructions, 3 slots, arena 512 bytes (0.0 MiB), workspace 0 bytes at 0
  chunk 1: parameters 64 bytes at 320, gradients at 384, optimizer 64 bytes at 448
  slot %0: input, 128 bytes at 0
  slot %1: targets, 64 bytes at 128
  slot %2: grad_input, 128 bytes at 192
     0  recv activation  c1 m0  → %0  device 0
     1  load targets     c1 m0  → %1
     2  forward          c1 m0  input %0 targets %1  after 0
     3  backward         c1 m0  input %0 targets %1 → grad_input %2
     4  send gradient    c1 m0  %2  device 0  after 3
     5  all_reduce       group 0
     6  all_reduce       group 1
     7  update           c1
)";

TEST_CASE("a program as text") { CHECK(PrintProgram(ExampleProgram()) == kExample); }

TEST_CASE("replicas and forward-only programs as text") {
  Program program = ExampleProgram();
  program.schedule = "a \"quoted\"\nname";
  program.forward_only = true;
  program.placement = ChunkPlacement::OfReplicas({{0, 1, 2}, {2, 1, 0}}, {0, 1});
  program.reduce_groups.clear();
  program.devices.resize(1);
  program.devices[0] = DeviceProgram();
  program.devices[0].chunks = {{0, 0, kNoOffset, kNoOffset, 256, 0}};
  CHECK(PrintProgram(program) ==
        R"(program "a \"quoted\"\nname": 2 chunks, 1 devices, 2 micro-batches
  chunks on devices 0 1 2
  replica 1: chunk 0 on device 2, chunk 2 on device 0
  micro-batches use replicas 0 1
  forward only

device 0: 0 instructions, 0 slots, arena 0 bytes (0.0 MiB), workspace 0 bytes at 0
  chunk 0: parameters 256 bytes at 0
)");
}

}  // namespace
}  // namespace baton
