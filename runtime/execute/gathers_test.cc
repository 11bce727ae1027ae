// The gathers that a step begins with, and those that run between steps.
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "base/shards.h"
#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {
namespace {

constexpr int kNumbers = 40;
constexpr Bytes kBytes = kNumbers * sizeof(float);

// Adds 1 to its shard in each update.
class ShardModule final : public StageModule {
 public:
  explicit ShardModule(int replica) : shard_(ShardOf(kBytes, replica, 2)) {}

  void Bind(const ChunkState& state) { parameters_ = reinterpret_cast<float*>(state.parameters); }
  std::vector<float> Parameters() const { return {parameters_, parameters_ + kNumbers}; }
  // The parameters that the Forward of the last step found.
  const std::vector<float>& found() const { return found_; }

  absl::Status Load(Stream&, DataKind, int, std::byte*) override { return absl::OkStatus(); }
  absl::Status Forward(Stream&, int, const PassBuffers&) override {
    found_ = Parameters();
    return absl::OkStatus();
  }
  absl::Status Backward(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardInput(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardWeight(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status Update(Stream&) override {
    for (Bytes at = shard_.begin; at < shard_.end; at += sizeof(float)) ++parameters_[at / sizeof(float)];
    return absl::OkStatus();
  }
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream&, int, int) override {
    return ReduceBuffer{reinterpret_cast<std::byte*>(parameters_), kBytes, false, Combine::kShards};
  }

 private:
  const Shard shard_;
  float* parameters_ = nullptr;
  std::vector<float> found_;
};

// One chunk, whose replicas are on two devices and pass a micro-batch each.
Program TwoShards() {
  Program program;
  program.num_chunks = 1;
  program.num_micro_batches = 2;
  program.placement = ChunkPlacement::OfReplicas({{0}, {1}}, {0, 1});
  program.reduce_groups = {{ReduceKind::kShardedUpdate, "chunk 0", {0, 1}, kBytes}};
  for (int32_t replica = 0; replica < 2; ++replica) {
    DeviceProgram device;
    const Bytes region = AlignUp(kBytes);
    ChunkMemory memory{0, 0, region, 2 * region};
    memory.parameter_bytes = kBytes;
    device.chunks = {memory};
    device.workspace_offset = 3 * region;
    device.arena_bytes = 3 * region;
    device.instructions = {{AllGather{0}, 0, 0}, {Forward{0, replica, -1, -1, -1, -1, -1}, 0, 1}, {Update{0}, 0, 0}};
    device.waits = {0};
    program.devices.push_back(device);
  }
  return program;
}

// Two replicas of one chunk on two devices.
struct Pipeline {
  Pipeline() {
    ExecutorOptions options;
    options.devices = {devices[0].get(), devices[1].get()};
    options.modules = {&modules[0], &modules[1]};
    options.transport = &transport;
    executor = Executor::Create(std::make_shared<const Program>(TwoShards()), options).value();
  }

  std::unique_ptr<HostDevice> devices[2] = {HostDevice::Create(0, {}).value(), HostDevice::Create(1, {}).value()};
  LocalTransport transport;
  ShardModule modules[2] = {ShardModule(0), ShardModule(1)};
  std::unique_ptr<Executor> executor;
};

TEST_CASE("executor: a step begins with whole parameters, and RunGathers brings them between steps") {
  Pipeline pipeline;
  const auto& executor = pipeline.executor;
  auto& modules = pipeline.modules;
  for (int replica : {0, 1}) modules[replica].Bind(executor->StateOf(replica));
  for (int step = 0; step < 3; ++step) {
    REQUIRE(executor->RunStep(nullptr) == absl::OkStatus());
    const std::vector<float> before(kNumbers, static_cast<float>(step)), after(kNumbers, static_cast<float>(step + 1));
    for (const ShardModule& module : modules) CHECK(module.found() == before);
    CHECK(modules[0].Parameters() != after);
    CHECK(modules[1].Parameters() != after);
    if (step == 1) continue;  // the next step gathers
    const int64_t num_steps = executor->Progress().num_steps;
    REQUIRE(executor->RunGathers() == absl::OkStatus());
    for (const ShardModule& module : modules) {
      CHECK(module.Parameters() == after);
      CHECK(module.found() == before);  // nothing else ran
    }
    CHECK(executor->Progress().num_steps == num_steps + 1);
  }
  CHECK(executor->RunGathers({7}).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("executor: gathers of a run that has failed return its error") {
  Pipeline pipeline;
  const auto& executor = pipeline.executor;
  executor->Cancel(absl::UnavailableError("gone"));
  CHECK(executor->RunGathers() == absl::UnavailableError("gone"));
}

}  // namespace
}  // namespace baton
