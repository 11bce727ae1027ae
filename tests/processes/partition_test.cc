// Every schedule of the catalog, over several distributions of devices to processes: the same bits as in one process.
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "runtime/transport/testing/stores.h"
#include "schedules/catalog/catalog.h"
#include "tests/processes/process.h"

namespace baton {
namespace {

constexpr int kDevices = 4;
constexpr int kMicroBatches = 8;
constexpr int kSteps = 3;

// The processes of one run, emulated by threads.
struct Emulation {
  Emulation(const std::shared_ptr<const Program>& program, Bytes bytes, const std::vector<int>& rank_of_device) {
    for (int rank = 0; rank <= rank_of_device.back(); ++rank) {
      ProcessOptions options;
      options.program = program;
      options.bytes = bytes;
      options.rank = rank;
      options.rank_of_device = rank_of_device;
      options.store = &store;
      processes.push_back(Process::Create(options).value());
    }
  }
  // The first error of each process.
  std::vector<absl::Status> Train(int num_steps) {
    std::vector<absl::Status> statuses(processes.size());
    std::vector<std::thread> threads;
    for (size_t rank = 0; rank < processes.size(); ++rank) {
      threads.emplace_back([&, rank] {
        Trace trace;
        statuses[rank] = processes[rank]->gloo().AwaitConnected();
        for (int step = 0; step < num_steps && statuses[rank].ok(); ++step) {
          statuses[rank] = processes[rank]->executor().RunStep(step == 1 ? &trace : nullptr);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }
  // Merged from all processes; each replica of a chunk must be in one of them.
  std::vector<std::vector<float>> Parameters() const {
    std::vector<std::vector<float>> merged = processes[0]->Parameters();
    for (size_t rank = 1; rank < processes.size(); ++rank) {
      const std::vector<std::vector<float>> own = processes[rank]->Parameters();
      for (size_t i = 0; i < own.size(); ++i) merged[i].insert(merged[i].end(), own[i].begin(), own[i].end());
    }
    return merged;
  }

  MemoryStore store;
  std::vector<std::unique_ptr<Process>> processes;  // [rank]
};

void CheckPartition(const std::string& schedule, Bytes bytes, const std::vector<int>& rank_of_device) {
  const auto program = MakeMixProgram(schedule, kDevices, kMicroBatches, bytes);
  const std::vector<std::vector<float>> expected = TrainInOneProcess(program, bytes, kSteps);
  REQUIRE_FALSE(expected.empty());
  REQUIRE(expected[0] != std::vector<float>(expected[0].size(), 0.0f));
  Emulation emulation(program, bytes, rank_of_device);
  REQUIRE(emulation.Train(kSteps) == std::vector<absl::Status>(emulation.processes.size()));
  CHECK(emulation.Parameters() == expected);
}

TEST_CASE("processes: every schedule has the same bits in every distribution of its devices") {
  const std::vector<std::vector<int>> partitions = {
      {0, 0, 1, 1}, {0, 1, 1, 1}, {0, 0, 0, 1}, {0, 1, 1, 2}, {0, 1, 2, 3}};
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.make == nullptr) continue;
    for (size_t i = 0; i < partitions.size(); ++i) {
      INFO(schedule.name << ", partition " << i);
      CheckPartition(std::string(schedule.name), 256, partitions[i]);
    }
  }
}

// 3 MiB and 52 bytes: a sum takes four blocks, and a transfer does not fit a socket's buffer.
TEST_CASE("processes: transfers and sums that take many writes have the same bits") {
  CheckPartition("1f1b", (Bytes{3} << 20) + 52, GENERATE(std::vector<int>{0, 0, 1, 1}, std::vector<int>{0, 1, 1, 2}));
}

}  // namespace
}  // namespace baton
