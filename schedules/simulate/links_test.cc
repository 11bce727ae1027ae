// Transfers on links: worked out by hand, and all transfers of all schedules against the rule of turns.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/order/replicate.h"
#include "schedules/program/kind.h"
#include "schedules/simulate/simulate.h"
#include "schedules/simulate/testing/lowered.h"

namespace baton {
namespace {

CostModel Costs(int num_chunks, Nanos time, Bytes message_bytes) {
  CostModel costs;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = time;
  chunk.input_bytes = chunk.output_bytes = message_bytes;
  costs.chunks.assign(num_chunks, chunk);
  costs.chunks.back().output_bytes = 0;
  return costs;
}

// A transfer as its sender sees it, ordered by the rule of turns.
struct Sent {
  Nanos start;
  int device;
  size_t instruction;
  Nanos end;
  Bytes bytes;

  friend bool operator<(const Sent& a, const Sent& b) {
    return std::tie(a.start, a.device, a.instruction) < std::tie(b.start, b.device, b.instruction);
  }
};

TEST_CASE("a transfer occupies its link for its bytes, not for its latency") {
  // Device 0 has the outputs ready at 10, 20 and 30; each message occupies the link for 25.
  CostModel costs = Costs(2, 10, 5000);
  costs.transfer_ns = 7;
  costs.bytes_per_ns = 200;
  const Program program = LowerNamed("gpipe", {2, 3}, costs);
  const Trace trace = Simulate(program, costs).value();
  std::vector<std::pair<Nanos, Nanos>> sends;
  for (size_t i = 0; i < program.devices[0].instructions.size(); ++i) {
    if (!std::holds_alternative<Send>(program.devices[0].instructions[i].operation)) continue;
    sends.push_back({trace.devices[0][i].start, trace.devices[0][i].end});
  }
  CHECK(sends == std::vector<std::pair<Nanos, Nanos>>{{10, 42}, {20, 67}, {30, 92}});
}

TEST_CASE("every transfer takes its turn on its link, the one between two nodes shared by all their pairs") {
  const int per_node = GENERATE(0, 1, 2, 3);
  for (const ScheduleInfo& info : Catalog()) {
    constexpr int kDevices = 6;
    CostModel costs = Costs(kDevices * info.default_chunks, 100, 6400);
    for (size_t i = 0; i < costs.chunks.size(); ++i) costs.chunks[i].forward_ns += static_cast<Nanos>(13 * i % 41);
    costs.transfer_ns = 20;
    costs.bytes_per_ns = 256;
    costs.devices_per_node = per_node;
    costs.inter = {50, 4};
    const Program program = LowerNamed(std::string(info.name), {kDevices, 8}, costs);
    CAPTURE(info.name, per_node);
    const Trace trace = Simulate(program, costs).value();
    std::map<std::pair<int, int>, std::vector<Sent>> links;
    for (int device = 0; device < kDevices; ++device) {
      for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
        const Send* send = std::get_if<Send>(&program.devices[device].instructions[i].operation);
        if (send == nullptr) continue;
        // Nodes as negative numbers, so that they are no devices.
        const int from = costs.NodeOf(device), to = costs.NodeOf(send->peer);
        const auto link = from == to ? std::make_pair(device, int{send->peer}) : std::make_pair(-1 - from, -1 - to);
        const Interval& interval = trace.devices[device][i];
        links[link].push_back(
            {interval.start, device, i, interval.end, program.devices[device].slots[send->slot].bytes});
      }
    }
    bool is_any_queued = false;  // behind a transfer of another device
    for (auto& [link, sent] : links) {
      std::sort(sent.begin(), sent.end());
      Nanos free_at = 0;
      int last_device = -1;
      const LinkCosts link_costs = link.first < 0 ? costs.inter : LinkCosts{costs.transfer_ns, costs.bytes_per_ns};
      for (const Sent& each : sent) {
        is_any_queued = is_any_queued || (free_at > each.start && each.device != last_device);
        last_device = each.device;
        free_at = std::max(free_at, each.start) + link_costs.TransmitNanos(each.bytes);
        REQUIRE(each.end == free_at + link_costs.latency_ns);
      }
    }
    // From the last node to the first go activations of the loop; from node to node back, gradients.
    if (per_node == 3 && info.name == "interleaved") CHECK(is_any_queued);
  }
}

TEST_CASE("buffered transfers occupy their links, too") {
  CostModel costs = Costs(2, 10, 5000);
  costs.transfer_ns = 7;
  costs.bytes_per_ns = 200;
  TransportModel transport;
  transport.buffered_slots = 3;
  LowerOptions options{"gpipe", costs};
  options.transport = transport;
  const Program program = Lower(MakeOrder("gpipe", {2, 3}).value(), options).value();
  const Trace trace = Simulate(program, costs, {transport}).value();
  std::vector<Nanos> forwards;
  for (size_t i = 0; i < program.devices[1].instructions.size(); ++i) {
    if (std::holds_alternative<Forward>(program.devices[1].instructions[i].operation)) {
      forwards.push_back(trace.devices[1][i].start);
    }
  }
  CHECK(forwards == std::vector<Nanos>{42, 67, 92});
}

TEST_CASE("an AllReduce over two nodes takes a ring over the link between them") {
  CostModel costs = Costs(4, 10, 0);
  costs.reduce_ns = 5;
  costs.bytes_per_ns = 100;
  costs.devices_per_node = 2;
  costs.inter = {30, 10};
  const std::vector<ReduceGroup> groups = {{ReduceKind::kTiedGradient, "a", {0, 1}, 6400},
                                           {ReduceKind::kTiedGradient, "b", {0, 3}, 6400}};
  const Program program = LowerNamed("gpipe", {4, 2}, costs, groups);
  const Trace trace = Simulate(program, costs).value();
  std::vector<Nanos> durations;
  for (size_t i = 0; i < program.devices[0].instructions.size(); ++i) {
    if (!std::holds_alternative<AllReduce>(program.devices[0].instructions[i].operation)) continue;
    durations.push_back(trace.devices[0][i].end - trace.devices[0][i].start);
  }
  CHECK(durations == std::vector<Nanos>{5 + 2 * 32, 5 + 2 * (30 + 320)});
}

TEST_CASE("the sums of two chunks take turns on the link between their replicas") {
  CostModel costs = Costs(2, 10, 0);
  costs.reduce_ns = 5;
  costs.transfer_ns = 7;
  costs.bytes_per_ns = 10;
  for (ChunkCosts& chunk : costs.chunks) chunk.parameter_bytes = 6400;
  LowerOptions options{"gpipe", costs};
  options.replicas = options.sum_groups = 2;
  const Program program = Lower(Replicate(*MakeOrder("gpipe", {1, 1, 2}), 2), options).value();
  const Trace trace = Simulate(program, costs).value();
  // Forwards until 20, then the backward of chunk 1 until 40 and of chunk 0 until 60. Each sum occupies the link for
  // 2 · 320, and ends two latencies and reduce_ns later.
  for (int device = 0; device < 2; ++device) {
    std::vector<std::pair<Nanos, Nanos>> sums;
    for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
      if (!IsCollective(program.devices[device].instructions[i].operation)) continue;
      sums.push_back({trace.devices[device][i].start, trace.devices[device][i].end});
    }
    CHECK(sums == std::vector<std::pair<Nanos, Nanos>>{{40, 40 + 640 + 14 + 5}, {60, 680 + 640 + 14 + 5}});
  }
}

TEST_CASE("a scattered sum and a gather take half of the rounds of a sum each") {
  CostModel costs = Costs(1, 10, 0);
  costs.reduce_ns = 5;
  costs.transfer_ns = 7;
  costs.bytes_per_ns = 10;
  costs.chunks[0].parameter_bytes = 6400;
  LowerOptions options{"gpipe", costs};
  options.replicas = options.sum_groups = 4;
  options.shards_optimizer = true;
  const Program program = Lower(Replicate(*MakeOrder("gpipe", {1, 1}), 4), options).value();
  const Trace trace = Simulate(program, costs).value();
  std::vector<std::pair<Kind, Nanos>> collectives;
  for (size_t i = 0; i < program.devices[0].instructions.size(); ++i) {
    const Operation& operation = program.devices[0].instructions[i].operation;
    if (!IsCollective(operation)) continue;
    collectives.push_back({KindOf(operation), trace.devices[0][i].end - trace.devices[0][i].start});
  }
  const Nanos half = 5 + 3 * (7 + 160);
  CHECK(collectives == std::vector<std::pair<Kind, Nanos>>{{Kind::kAllGather, half}, {Kind::kReduceScatter, half}});
}

TEST_CASE("behind a scattered sum the gather of a tied gradient sends that gradient alone") {
  CostModel costs = Costs(1, 10, 0);
  costs.bytes_per_ns = 10;
  costs.chunks[0].parameter_bytes = 6400;
  LowerOptions options{"gpipe", costs, {{ReduceKind::kTiedGradient, "tied", {0, 0}, 1600}}};
  options.replicas = options.sum_groups = 4;
  const auto bytes_time = [&](bool shards) {
    options.shards_optimizer = shards;
    const Program program = Lower(Replicate(*MakeOrder("gpipe", {1, 1}), 4), options).value();
    const Trace trace = Simulate(program, costs).value();
    std::vector<Nanos> times;  // of sums over replicas, and of gathers behind them
    for (size_t i = 0; i < program.devices[0].instructions.size(); ++i) {
      const int32_t group = GroupOf(program.devices[0].instructions[i].operation);
      if (group < 0) continue;
      const ReduceKind kind = program.reduce_groups[group].kind;
      if (kind == ReduceKind::kTiedGradient || kind == ReduceKind::kShardedUpdate) continue;
      times.push_back(trace.devices[0][i].end - trace.devices[0][i].start);
    }
    return times;
  };
  CHECK(bytes_time(false) == std::vector<Nanos>{2 * 3 * 160});
  CHECK(bytes_time(true) == std::vector<Nanos>{3 * 160, 3 * 40, 3 * 40});  // the chunk uses the parameter twice
}

TEST_CASE("sums of different devices take turns on the link between their nodes") {
  // Stages on devices 0 and 1 of one node, copied to devices 2 and 3 of another.
  CostModel costs = Costs(2, 10, 0);
  costs.bytes_per_ns = 1000;
  costs.devices_per_node = 2;
  costs.inter = {0, 10};
  for (ChunkCosts& chunk : costs.chunks) chunk.parameter_bytes = 6400;
  LowerOptions options{"gpipe", costs};
  options.replicas = options.sum_groups = 2;
  const Program program = Lower(Replicate(*MakeOrder("gpipe", {2, 1}), 2), options).value();
  const Trace trace = Simulate(program, costs).value();
  std::vector<std::pair<Nanos, Nanos>> sums;  // of chunk 0, then of chunk 1
  for (int device = 0; device < 2; ++device) {
    for (size_t i = 0; i < program.devices[device].instructions.size(); ++i) {
      if (!IsCollective(program.devices[device].instructions[i].operation)) continue;
      sums.push_back({trace.devices[device][i].start, trace.devices[device][i].end});
    }
  }
  // Chunk 1's gradients are there at 40, chunk 0's at 60, on one link between the nodes in each direction.
  CHECK(sums == std::vector<std::pair<Nanos, Nanos>>{{60, 40 + 640 + 640}, {40, 40 + 640}});
}

}  // namespace
}  // namespace baton
