// A step that stands still ends, and says why.
#include "runtime/execute/watchdog.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "runtime/execute/testing/faults.h"
#include "runtime/execute/testing/pipeline_harness.h"

namespace baton {
namespace {

constexpr int64_t kShortTimeoutMilliseconds = 100;

// Cuts a device's stream off before instruction `index`.
void Truncate(DeviceProgram& program, size_t index) { program.instructions.resize(index); }

std::string RunToDeadline(PipelineHarness& harness) {
  harness.options().watchdog_timeout_ms = kShortTimeoutMilliseconds;
  REQUIRE(harness.Start() == absl::OkStatus());
  const absl::Status status = harness.executor().RunStep(nullptr);
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  return std::string(status.message());
}

TEST_CASE("watchdog: a send that nobody receives is reported with who waits for whom") {
  PipelineSpec spec;
  spec.num_micro_batches = 1;
  spec.reduce = false;
  Program program = MakePipeline(spec);
  // Device 0: Load Forward Send Recv Backward Update. Device 1 does nothing at all.
  Truncate(program.devices[1], 0);
  PipelineHarness harness(spec, program);
  CHECK(RunToDeadline(harness) ==
        "no instruction was done for 100 ms; device 0 is at instruction 4 (Backward chunk 0 micro-batch 0) and waits "
        "for instruction 3 (Recv gradient chunk 0 micro-batch 0 from device 1)");
}

TEST_CASE("watchdog: two devices that wait for each other are both named") {
  PipelineSpec spec;
  spec.num_micro_batches = 1;
  spec.reduce = false;
  Program program = MakePipeline(spec);
  // Device 0 does not send: both wait for a receive.
  DeviceProgram& first = program.devices[0];
  REQUIRE(std::holds_alternative<Send>(first.instructions[2].operation));
  first.instructions[2].operation = Forward{0, 0, 0, kNoSlot, 1, 2, 3};
  PipelineHarness harness(spec, program);
  const std::string message = RunToDeadline(harness);
  CHECK_THAT(message, Catch::Contains("device 0 is at instruction 4 (Backward chunk 0 micro-batch 0) and waits for "
                                      "instruction 3 (Recv gradient chunk 0 micro-batch 0 from device 1)"));
  CHECK_THAT(message, Catch::Contains("device 1 is at instruction 2 (Forward chunk 1 micro-batch 0) and waits for "
                                      "instruction 0 (Recv activation chunk 1 micro-batch 0 from device 0)"));
}

TEST_CASE("watchdog: a device that only waits for its last send says so") {
  PipelineSpec spec;
  spec.num_micro_batches = 1;
  spec.reduce = false;
  Program program = MakePipeline(spec);
  Truncate(program.devices[0], 3);  // Load Forward Send
  Truncate(program.devices[1], 0);
  PipelineHarness harness(spec, program);
  CHECK(RunToDeadline(harness) ==
        "no instruction was done for 100 ms; device 0 has issued all its instructions and waits for instruction 2 "
        "(Send activation chunk 0 micro-batch 0 to device 1)");
}

TEST_CASE("watchdog: a sum in which one device takes no part") {
  PipelineSpec spec;
  spec.num_micro_batches = 1;
  Program program = MakePipeline(spec);
  DeviceProgram& last = program.devices[1];
  Truncate(last, last.instructions.size() - 2);  // AllReduce Update
  PipelineHarness harness(spec, program);
  CHECK(RunToDeadline(harness) ==
        "no instruction was done for 100 ms; device 0 is at instruction 6 (Update chunk 0) and waits for instruction 5 "
        "(AllReduce group 0)");
}

// A module whose first Forward lasts until it is let go.
class StuckModule final : public StageModule {
 public:
  explicit StuckModule(std::atomic<bool>* let_go) : let_go_(let_go) {}
  absl::Status Load(Stream&, DataKind, int, std::byte*) override { return absl::OkStatus(); }
  absl::Status Forward(Stream&, int, const PassBuffers&) override {
    while (!let_go_->load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return absl::OkStatus();
  }
  absl::Status Backward(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardInput(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardWeight(Stream&, int, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status Update(Stream&) override { return absl::OkStatus(); }
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream&, int, int) override { return ReduceBuffer{}; }

 private:
  std::atomic<bool>* const let_go_;
};

TEST_CASE("watchdog: a call that does not return is named, and the step ends with it") {
  PipelineSpec spec;
  spec.num_devices = 1;
  spec.num_micro_batches = 1;
  PipelineHarness harness(spec);
  std::atomic<bool> let_go{false};
  StuckModule module(&let_go);
  harness.options().modules[0] = &module;
  // Well after the timeout; the module itself cannot be interrupted.
  std::thread rescue([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(6 * kShortTimeoutMilliseconds));
    let_go.store(true);
  });
  const std::string message = RunToDeadline(harness);
  rescue.join();
  CHECK(message == "no instruction was done for 100 ms; device 0 runs instruction 2 (Forward chunk 0 micro-batch 0)");
}

TEST_CASE("watchdog: after a deadline and a reset the same executor fails again, and goes away") {
  PipelineSpec spec;
  Program program = MakePipeline(spec);
  Truncate(program.devices[1], 0);
  PipelineHarness harness(spec, program);
  RunToDeadline(harness);
  harness.executor().Reset();
  harness.BindAll();
  CHECK(harness.executor().RunStep(nullptr).code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("watchdog: progress, however slow, keeps a step alive") {
  // Each of many instructions takes a good part of the timeout, all of them far more than it.
  class SlowModule final : public StageModule {
   public:
    absl::Status Load(Stream&, DataKind, int, std::byte*) override { return Sleep(); }
    absl::Status Forward(Stream&, int, const PassBuffers&) override { return Sleep(); }
    absl::Status Backward(Stream&, int, const PassBuffers&) override { return Sleep(); }
    absl::Status BackwardInput(Stream&, int, const PassBuffers&) override { return Sleep(); }
    absl::Status BackwardWeight(Stream&, int, const PassBuffers&) override { return Sleep(); }
    absl::Status Update(Stream&) override { return Sleep(); }
    absl::StatusOr<ReduceBuffer> PrepareReduce(Stream&, int, int) override { return ReduceBuffer{}; }

   private:
    absl::Status Sleep() {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return absl::OkStatus();
    }
  };
  PipelineSpec spec;
  spec.num_devices = 1;
  spec.num_micro_batches = 4;
  PipelineHarness harness(spec);
  SlowModule module;
  harness.options().modules[0] = &module;
  harness.options().watchdog_timeout_ms = 1'000;
  REQUIRE(harness.Start() == absl::OkStatus());
  CHECK(harness.executor().RunStep(nullptr) == absl::OkStatus());
}

}  // namespace
}  // namespace baton
