// Errors that come from outside or are told to it, and devices that are in another process.
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/execute/testing/faults.h"
#include "runtime/execute/testing/pipeline_harness.h"

namespace baton {
namespace {

const char kWaits[] =
    "device 0 is at instruction 4 (Backward chunk 0 micro-batch 0) and waits for instruction 3 (Recv gradient chunk 0 "
    "micro-batch 0 from device 1)";

PipelineSpec OneMicroBatch() {
  PipelineSpec spec;
  spec.num_micro_batches = 1;
  spec.reduce = false;
  return spec;
}

// Device 1 is in a process that never comes.
struct HalfHarness : PipelineHarness {
  HalfHarness() : PipelineHarness(OneMicroBatch()) {
    options().devices[1] = nullptr;
    options().modules[1] = nullptr;
    options().on_error = [this](const absl::Status& status) { told.push_back(status); };
  }
  std::vector<absl::Status> told;
};

// Starts an executor without binding the module of device 1, which has no memory here.
std::unique_ptr<Executor> StartHalf(HalfHarness& harness) {
  auto executor = Executor::Create(std::make_shared<const Program>(harness.program()), harness.options());
  REQUIRE(executor.ok());
  harness.module(0).Bind((*executor)->StateOf(0));
  return *std::move(executor);
}

std::vector<std::string> AwaitPositions(const Executor& executor) {
  std::vector<std::string> positions;
  for (int i = 0; i < 10'000 && positions != std::vector<std::string>{kWaits}; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    positions = executor.DescribePositions();
  }
  return positions;
}

TEST_CASE("executor: a device of another process has no memory, no worker and no trace here") {
  HalfHarness harness;
  const std::unique_ptr<Executor> executor = StartHalf(harness);
  CHECK(executor->StateOf(0).parameters != nullptr);
  CHECK(executor->StateOf(1).parameters == nullptr);
  CHECK(executor->PeakArenaBytes(0) > 0);
  CHECK(executor->PeakArenaBytes(1) == 0);
  Trace trace;
  CHECK(executor->RunStep(&trace, [&] { executor->Cancel(absl::AbortedError("enough")); }).code() ==
        absl::StatusCode::kAborted);
  CHECK(trace.devices[0].size() == harness.program().devices[0].instructions.size());
  CHECK(trace.devices[1].empty());
}

TEST_CASE("executor: a step that waits for another process is ended from outside, and nobody is told") {
  HalfHarness harness;
  const std::unique_ptr<Executor> executor = StartHalf(harness);
  const absl::Status lost = absl::UnavailableError("rank 1 is lost");
  std::vector<std::string> positions;
  ExecutorProgress progress;
  const absl::Status status = executor->RunStep(nullptr, [&] {
    positions = AwaitPositions(*executor);
    progress = executor->Progress();
    executor->Cancel(lost);
    executor->Cancel(absl::InternalError("a later error"));
  });
  CHECK(status == lost);
  CHECK(positions == std::vector<std::string>{kWaits});
  CHECK(progress.num_steps == 0);
  // The receive is not done, nor the backward and the update; the send has no receiver.
  CHECK(progress.num_instructions == 2);
  CHECK(executor->RunStep(nullptr) == lost);
  CHECK(executor->Progress().num_steps == 1);
  CHECK(executor->DescribePositions().empty());
  CHECK(harness.told.empty());
}

TEST_CASE("executor: a cancel between steps fails the next one, until a reset") {
  PipelineHarness harness(PipelineSpec{});
  REQUIRE(harness.Start().ok());
  REQUIRE(harness.executor().RunStep(nullptr).ok());
  harness.executor().Cancel(absl::UnavailableError("rank 1 is lost"));
  CHECK(harness.executor().RunStep(nullptr) == absl::UnavailableError("rank 1 is lost"));
  harness.executor().Reset();
  CHECK(harness.executor().RunStep(nullptr).ok());
}

TEST_CASE("executor: an error here is told once, with device and instruction") {
  PipelineHarness harness(PipelineSpec{});
  FaultyModule module(harness.options().modules[1], 2);
  harness.options().modules[1] = &module;
  std::vector<absl::Status> told;
  harness.options().on_error = [&](const absl::Status& status) { told.push_back(status); };
  REQUIRE(harness.Start().ok());
  const absl::Status status = harness.executor().RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(told == std::vector<absl::Status>{status});
}

// A local transport that reports an error when it is told to.
class ReportingTransport final : public Transport {
 public:
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override {
    return local_.CreateChannel(from, to, capacity);
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override {
    return local_.CreateCollective(device_of_member);
  }
  void SetErrorSink(std::function<void(const absl::Status&)> given) override { sink = std::move(given); }

  std::function<void(const absl::Status&)> sink;

 private:
  LocalTransport local_;
};

TEST_CASE("executor: an error of the transport ends the step with the instructions that wait, and is told") {
  HalfHarness harness;
  ReportingTransport transport;
  harness.options().transport = &transport;
  std::unique_ptr<Executor> executor = StartHalf(harness);
  const absl::Status status = executor->RunStep(nullptr, [&] {
    AwaitPositions(*executor);
    transport.sink(absl::UnavailableError("rank 1 closed the connection"));
  });
  CHECK(status == absl::UnavailableError(std::string("rank 1 closed the connection; ") + kWaits));
  CHECK(harness.told == std::vector<absl::Status>{status});
  executor.reset();
  CHECK(transport.sink == nullptr);
}

}  // namespace
}  // namespace baton
