// Advice on moving a layer equals the simulation of the moved layer.
#include "schedules/analyze/move_layer.h"

#include <catch2/catch.hpp>

#include "schedules/analyze/testing/simulated.h"

namespace baton {
namespace {

Blame BlameOfRun(const Simulated& run) {
  return BlameOf(run.program, CriticalPath(run.program, Dependencies(run.program), run.trace), run.trace);
}

TEST_CASE("a layer moves to the neighbour that makes the shorter step, and the advice says by how much") {
  // Chunk 2 has four layers of 1 ms, the others two; a stage of 1F1B with many micro-batches costs m times itself.
  CostModel costs = EqualMilliseconds(4);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 2'000'000;
  }
  costs.chunks[1].forward_ns = 3'000'000;
  costs.chunks[2].forward_ns = costs.chunks[2].backward_input_ns = costs.chunks[2].backward_weight_ns = 4'000'000;
  EndLayers layers;
  layers.first.forward_ns = layers.first.backward_input_ns = layers.first.backward_weight_ns = 1'000'000;
  layers.last = layers.first;
  const Simulated run = SimulateNamed("1f1b", {4, 12}, costs);
  const Blame blame = BlameOfRun(run);
  CHECK(MostCriticalChunk(blame) == 2);
  const auto move = BestMove(run.program, costs, 2, layers).value();
  REQUIRE(move.has_value());
  CHECK(move->from == 2);
  CHECK(move->to == 3);
  // The same as a simulation with the layer in its new chunk from the start.
  CostModel moved = costs;
  for (auto time : {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns}) {
    moved.chunks[2].*time = moved.chunks[3].*time = 3'000'000;
  }
  const Blame after = BlameOfRun(SimulateNamed("1f1b", {4, 12}, moved));
  CHECK(move->step_time == after.step_time);
  CHECK(after.step_time < blame.step_time);
  const std::string text = DescribeMove(blame, 2, layers, move);
  CHECK(text.find("chunk 2 is on the critical path ") == 0);
  CHECK(text.find(": moving one layer off it, to chunk 3, saves ") != std::string::npos);
}

TEST_CASE("the advice says if the move saves nothing") {
  const Simulated run = SimulateEqual("1f1b", 4, 8);
  const Blame blame = BlameOfRun(run);
  const EndLayers tenth = TenthOf(run.costs.chunks[0]);
  const auto move = BestMove(run.program, run.costs, 1, tenth).value();
  REQUIRE(move.has_value());
  CHECK(move->step_time > blame.step_time);
  CHECK(DescribeMove(blame, 1, tenth, move).find("moving a tenth of its work off it, to chunk ") != std::string::npos);
  CHECK(DescribeMove(blame, 1, tenth, move).find(", would cost ") != std::string::npos);
  CHECK(DescribeMove(blame, 1, tenth, LayerMove{1, 2, blame.step_time}).find(", saves nothing") != std::string::npos);
}

TEST_CASE("a single chunk has no neighbour to move a layer to") {
  const Simulated run = SimulateEqual("gpipe", 1, 4);
  const Blame blame = BlameOfRun(run);
  const auto move = BestMove(run.program, run.costs, 0, TenthOf(run.costs.chunks[0])).value();
  CHECK_FALSE(move.has_value());
  CHECK(DescribeMove(blame, 0, {}, move) == "chunk 0 is on the critical path 100.0 % of the step");
}

}  // namespace
}  // namespace baton
