// The times of transfers that their queues or buffers delay, in small handwritten programs.
#include <catch2/catch.hpp>
#include <vector>

#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

// Forward-only programs of two chunks on two devices, of sends, receives and forwards without slots.
class TinyProgram {
 public:
  explicit TinyProgram(int num_micro_batches) {
    program.num_chunks = 4;
    program.num_micro_batches = num_micro_batches;
    program.placement = ChunkPlacement::Of({0, 1, 0, 1});
    program.forward_only = true;
    program.devices.resize(2);
  }
  void Forwards(int device, int chunk, int micro_batch, const std::vector<int32_t>& waits = {}) {
    Add(device, Forward{chunk, micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot}, waits);
  }
  void Sends(int device, int chunk, int micro_batch, const std::vector<int32_t>& waits = {}) {
    Add(device, Send{chunk, micro_batch, Payload::kActivation, 1 - device, kNoSlot}, waits);
  }
  void Recvs(int device, int chunk, int micro_batch, const std::vector<int32_t>& waits = {}) {
    Add(device, Recv{chunk, micro_batch, Payload::kActivation, 1 - device, kNoSlot}, waits);
  }
  Program program;

 private:
  void Add(int device, const Operation& operation, const std::vector<int32_t>& waits) {
    DeviceProgram& code = program.devices[device];
    Instruction instruction{operation, static_cast<uint32_t>(code.waits.size()), static_cast<uint32_t>(waits.size())};
    code.waits.insert(code.waits.end(), waits.begin(), waits.end());
    code.instructions.push_back(instruction);
  }
};

CostModel TenEach() {
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = 10;
  costs.chunks.assign(4, chunk);
  costs.transfer_ns = 4;
  return costs;
}

TEST_CASE("a transfer waits until the one before it in its queue has started") {
  // Device 0 posts a receive of a result that is ready at 30 on device 1, then sends a result that is ready at 10.
  TinyProgram tiny(1);
  tiny.Recvs(0, 2, 0);
  tiny.Forwards(0, 0, 0);
  tiny.Sends(0, 0, 0, {1});
  tiny.Recvs(1, 3, 0);
  for (int i = 0; i < 3; ++i) tiny.Forwards(1, 1, 0);
  tiny.Sends(1, 1, 0, {3});
  tiny.Recvs(1, 1, 0);
  const auto send_of_0 = [&](QueueKind queues) {
    Program program = tiny.program;
    // In shared queues device 1 must have the same order.
    program.devices[1].instructions.erase(program.devices[1].instructions.begin());
    for (Instruction& instruction : program.devices[1].instructions) {
      if (instruction.num_waits > 0) program.devices[1].waits[instruction.first_wait] = 2;
    }
    const auto trace = Simulate(program, TenEach(), {TransportModel{0, queues}});
    INFO(trace.status());
    REQUIRE(trace.ok());
    return trace->devices[0][2];
  };
  CHECK(send_of_0(QueueKind::kPerPeerAndDirection).start == 10);
  for (QueueKind queues : {QueueKind::kPerPeer, QueueKind::kPerDevice}) {
    CHECK(send_of_0(queues).ready == 30);
    CHECK(send_of_0(queues).start == 30);  // any number may be in flight
    CHECK(send_of_0(queues).end == 34);
  }
}

TEST_CASE("a send starts when the receive that empties a buffer has ended") {
  // Device 0 has results to send at 10, 20 and 30; device 1 posts its receives at 0, after 30 and after 60.
  TinyProgram tiny(3);
  for (int i = 0; i < 3; ++i) {
    tiny.Forwards(0, 0, i);
    tiny.Sends(0, 0, i, {2 * i});
  }
  tiny.Recvs(1, 1, 0);
  for (int i = 0; i < 3; ++i) tiny.Forwards(1, 1, i);
  tiny.Recvs(1, 1, 1, {3});
  for (int i = 0; i < 3; ++i) tiny.Forwards(1, 3, i);
  tiny.Recvs(1, 1, 2, {7});
  const auto starts = [&](int slots) {
    const auto trace = Simulate(tiny.program, TenEach(), {TransportModel{slots, QueueKind::kPerPeerAndDirection}});
    INFO(trace.status());
    REQUIRE(trace.ok());
    const std::vector<Interval>& sends = trace->devices[0];
    const std::vector<Interval>& recvs = trace->devices[1];
    return std::vector<Nanos>{sends[1].start, sends[3].start, sends[5].start, recvs[0].end, recvs[4].end, recvs[8].end};
  };
  CHECK(starts(0) == std::vector<Nanos>{10, 30, 60, 14, 34, 64});  // rendezvous
  CHECK(starts(1) == std::vector<Nanos>{10, 20, 30, 14, 30, 60});  // each buffer is emptied before it is needed
  CHECK(starts(9) == std::vector<Nanos>{10, 20, 30, 14, 30, 60});
}

TEST_CASE("a send waits while all buffers are full") {
  // Device 0 has results to send at 10, 20 and 30; device 1 posts all receives at 30.
  TinyProgram tiny(3);
  for (int i = 0; i < 3; ++i) {
    tiny.Forwards(0, 0, i);
    tiny.Sends(0, 0, i, {2 * i});
  }
  for (int i = 0; i < 3; ++i) tiny.Forwards(1, 1, i);
  for (int i = 0; i < 3; ++i) tiny.Recvs(1, 1, i, {2});
  const auto starts = [&](int slots) {
    const auto trace = Simulate(tiny.program, TenEach(), {TransportModel{slots, QueueKind::kPerPeer}});
    REQUIRE(trace.ok());
    const std::vector<Interval>& sends = trace->devices[0];
    return std::vector<Nanos>{sends[1].start, sends[3].start, sends[5].start};
  };
  CHECK(starts(1) == std::vector<Nanos>{10, 30, 34});  // the second arrives at 34
  CHECK(starts(2) == std::vector<Nanos>{10, 20, 30});
  CHECK(starts(3) == std::vector<Nanos>{10, 20, 30});
}

}  // namespace
}  // namespace baton
