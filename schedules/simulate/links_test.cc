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

}  // namespace
}  // namespace baton
