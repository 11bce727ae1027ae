// Errors and lost processes: nobody waits for ever, and each message names who was lost.
#include "runtime/execute/testing/faults.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/transport/testing/stores.h"
#include "tests/processes/process.h"

namespace baton {
namespace {

constexpr Bytes kBytes = 256;

// Calls `cut` before the n-th post of any channel, counted from 0.
class CuttingChannel final : public Channel {
 public:
  CuttingChannel(std::unique_ptr<Channel> channel, std::atomic<int>* countdown, std::function<void()> cut)
      : channel_(std::move(channel)), countdown_(countdown), cut_(std::move(cut)) {}
  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override {
    if (countdown_->fetch_sub(1) == 0) cut_();
    return channel_->Send(stream, data, bytes, done, started);
  }
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override {
    if (countdown_->fetch_sub(1) == 0) cut_();
    return channel_->Receive(stream, data, bytes, done, started);
  }
  void Reset() override { channel_->Reset(); }

 private:
  const std::unique_ptr<Channel> channel_;
  std::atomic<int>* const countdown_;
  const std::function<void()> cut_;
};

class CuttingTransport final : public Transport {
 public:
  CuttingTransport(Transport* transport, int cut_at) : transport_(transport), countdown_(cut_at) {}
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override {
    auto channel = transport_->CreateChannel(from, to, capacity);
    if (!channel.ok() || *channel == nullptr) return channel;
    return std::make_unique<CuttingChannel>(*std::move(channel), &countdown_, [this] { cut(); });
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override {
    return transport_->CreateCollective(device_of_member);
  }
  void SetErrorSink(std::function<void(const absl::Status&)> sink) override {
    transport_->SetErrorSink(std::move(sink));
  }

  std::function<void()> cut;
  bool has_cut() const { return countdown_.load() < 0; }

 private:
  Transport* const transport_;
  std::atomic<int> countdown_;
};

// Four devices in `rank_of_device`, with a control plane that tells every process of each error.
struct Cluster {
  explicit Cluster(std::vector<int> rank_of_device, std::function<void(int rank, ExecutorOptions&)> change)
      : program(MakeMixProgram("1f1b", 4, 4, kBytes)), processes(rank_of_device.back() + 1) {
    for (int rank = 0; rank < static_cast<int>(processes.size()); ++rank) {
      ProcessOptions options;
      options.program = program;
      options.bytes = kBytes;
      options.rank = rank;
      options.rank_of_device = rank_of_device;
      options.store = &store;
      options.change = [&, rank](ExecutorOptions& executor) {
        executor.on_error = [this, rank](const absl::Status& status) { Tell(rank, status); };
        change(rank, executor);
      };
      processes[rank] = Process::Create(options).value();
    }
    for (const auto& process : processes) REQUIRE(process->gloo().AwaitConnected().ok());
    const std::lock_guard<std::mutex> lock(mutex);
    is_ready = true;
  }
  void Tell(int from, const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex);
    for (int rank = 0; is_ready && rank < static_cast<int>(processes.size()); ++rank) {
      if (rank != from) processes[rank]->executor().Cancel(status);
    }
  }
  // From then on nobody is told, so that processes may go.
  void StopTelling() {
    const std::lock_guard<std::mutex> lock(mutex);
    is_ready = false;
  }
  std::vector<absl::Status> RunStep() {
    std::vector<absl::Status> statuses(processes.size());
    std::vector<std::thread> threads;
    for (size_t rank = 0; rank < processes.size(); ++rank) {
      threads.emplace_back([&, rank] { statuses[rank] = processes[rank]->executor().RunStep(nullptr); });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }
  ~Cluster() { StopTelling(); }

  MemoryStore store;
  std::shared_ptr<const Program> program;
  std::mutex mutex;
  bool is_ready = false;  // guarded by mutex
  std::vector<std::unique_ptr<Process>> processes;
};

TEST_CASE("processes: an error in one ends the others when they are told") {
  const int fails_at = GENERATE(0, 3, 7);
  std::vector<std::unique_ptr<FaultyModule>> modules;
  Cluster cluster({0, 1, 1, 2}, [&](int rank, ExecutorOptions& options) {
    if (rank != 1) return;
    modules.push_back(std::make_unique<FaultyModule>(options.modules[2], fails_at));
    options.modules[2] = modules.back().get();
  });
  const std::vector<absl::Status> statuses = cluster.RunStep();
  CHECK(statuses[1].code() == absl::StatusCode::kDataLoss);
  CHECK_THAT(std::string(statuses[1].message()), Catch::StartsWith("device 2, instruction "));
  CHECK(statuses[0] == statuses[1]);
  CHECK(statuses[2] == statuses[1]);
}

// Rank 1 loses all its connections right before each of its posts in turn.
TEST_CASE("processes: a process whose connections break at any transfer ends the step everywhere") {
  for (int cut_at = 0;; ++cut_at) {
    CAPTURE(cut_at);
    std::unique_ptr<CuttingTransport> transport;
    Cluster cluster({0, 1, 1, 2}, [&](int rank, ExecutorOptions& options) {
      if (rank != 1) return;
      transport = std::make_unique<CuttingTransport>(options.transport, cut_at);
      options.transport = transport.get();
    });
    transport->cut = [&] { cluster.processes[1]->gloo().Abort(absl::AbortedError("cut")); };
    const std::vector<absl::Status> statuses = cluster.RunStep();
    const bool has_cut = transport->has_cut();
    if (has_cut) {
      // Rank 1 fails by itself or is told by those who miss it.
      for (const absl::Status& status : statuses) REQUIRE_FALSE(status.ok());
      for (const int rank : {0, 2}) {
        const std::string message(statuses[rank].message());
        const bool names_rank_1 = message.find("rank 1") != std::string::npos;
        const bool is_told = message.find("cut") != std::string::npos;
        CAPTURE(rank, message);
        REQUIRE((names_rank_1 || is_told));
      }
    }
    cluster.StopTelling();
    cluster.processes.clear();
    if (!has_cut) {
      REQUIRE(statuses == std::vector<absl::Status>(3));
      REQUIRE(cut_at > 20);
      break;
    }
  }
}

TEST_CASE("processes: a process that leaves between steps fails the next step of those who need it") {
  Cluster cluster({0, 0, 1, 1}, [](int, ExecutorOptions&) {});
  REQUIRE(cluster.RunStep() == std::vector<absl::Status>(2));
  cluster.StopTelling();
  cluster.processes[1].reset();
  const absl::Status status = cluster.processes[0]->executor().RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(status.message()), Catch::Contains("the connection of rank 0 with rank 1 broke"));
}

}  // namespace
}  // namespace baton
