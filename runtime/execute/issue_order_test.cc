// Where transfers stand in the order of issue.
#include "runtime/execute/issue_order.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/execute/testing/pipeline_program.h"

namespace baton {
namespace {

Operation ForwardOf(int micro_batch) { return Forward{0, micro_batch, 0, kNoSlot, kNoSlot, kNoSlot, kNoSlot}; }
Operation RecvFrom(int peer, int micro_batch) { return Recv{0, micro_batch, Payload::kActivation, peer, 0}; }
Operation SendTo(int peer, int micro_batch) { return Send{0, micro_batch, Payload::kActivation, peer, 0}; }

DeviceProgram ProgramOf(const std::vector<std::pair<Operation, std::vector<int32_t>>>& instructions) {
  DeviceProgram program;
  for (const auto& [operation, waits] : instructions) {
    program.instructions.push_back(
        {operation, static_cast<uint32_t>(program.waits.size()), static_cast<uint32_t>(waits.size())});
    program.waits.insert(program.waits.end(), waits.begin(), waits.end());
  }
  return program;
}

TEST_CASE("issue order: the example of the header") {
  // F0 Recv1 F1 Recv2 F2, where Recv2 reuses the slot of F0.
  const DeviceProgram program = ProgramOf(
      {{ForwardOf(0), {}}, {RecvFrom(1, 1), {}}, {ForwardOf(1), {1}}, {RecvFrom(1, 2), {0}}, {ForwardOf(2), {3}}});
  const IssueOrder order = MakeIssueOrder(program, 2);
  CHECK(order.instructions == std::vector<int32_t>{1, 0, 3, 2, 4});
  CHECK(order.lane_predecessor == std::vector<int32_t>{-1, -1, 0, 1, 2});
}

TEST_CASE("issue order: a transfer does not overtake its lane, but another peer's and direction's") {
  const DeviceProgram program = ProgramOf({{ForwardOf(0), {}},
                                           {ForwardOf(1), {}},
                                           {RecvFrom(1, 0), {1}},
                                           {RecvFrom(1, 1), {}},
                                           {RecvFrom(2, 0), {}},
                                           {SendTo(1, 0), {0}}});
  const IssueOrder order = MakeIssueOrder(program, 3);
  CHECK(order.instructions == std::vector<int32_t>{4, 0, 5, 1, 2, 3});
  CHECK(order.lane_predecessor == std::vector<int32_t>{-1, 0, -1, 2, -1, -1});
}

TEST_CASE("issue order: of whole programs, lanes keep their order and waits come first") {
  PipelineSpec spec;
  spec.num_devices = GENERATE(1, 2, 4);
  spec.num_micro_batches = GENERATE(1, 3, 8);
  spec.split_backward = GENERATE(false, true);
  const Program program = MakePipeline(spec);
  for (const DeviceProgram& device : program.devices) {
    const IssueOrder order = MakeIssueOrder(device, program.num_devices());
    std::vector<int32_t> position(device.instructions.size(), -1);
    for (size_t i = 0; i < order.instructions.size(); ++i) position[order.instructions[i]] = static_cast<int32_t>(i);
    CHECK(order.instructions.size() == device.instructions.size());
    CHECK(std::count(position.begin(), position.end(), -1) == 0);
    for (size_t index = 0; index < device.instructions.size(); ++index) {
      for (int32_t wait : device.WaitsOf(device.instructions[index])) CHECK(position[wait] < position[index]);
      const int32_t predecessor = order.lane_predecessor[index];
      if (predecessor != -1) CHECK(position[predecessor] < position[index]);
    }
  }
}

}  // namespace
}  // namespace baton
