// A step that is stopped in its middle changes nothing on any device, and the run can go on.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "runtime/machine/available_cores.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("a step that is stopped before it begins runs no pass and changes nothing") {
  const std::string schedule = GENERATE("1f1b", "zb-h1", "chimera");
  CAPTURE(schedule);
  const proto::Job job = MakeJob(kSmallGpt, {"pipeline.stages=4", absl::StrCat("pipeline.schedule=", schedule)});
  const auto run = TrainingSession::Create(job).value();
  const auto undisturbed = TrainingSession::Create(job).value();
  std::atomic<bool> stop{false};
  run->SetStop(&stop);
  for (int step = 0; step < 3; ++step) {
    stop = true;
    const StepResult stopped = run->Step(step).value();
    CHECK(stopped.stopped);
    CHECK_FALSE(stopped.applied);
    CHECK(absl::IsCancelled(run->Evaluate().status()));
    stop = false;
    const StepResult result = run->Step(step).value();
    const StepResult expected = undisturbed->Step(step).value();
    CHECK(result.applied);
    CHECK(result.loss == expected.loss);
    CHECK(result.gradient_norm == expected.gradient_norm);
    CHECK(run->Evaluate().value() == undisturbed->Evaluate().value());
  }
}

TEST_CASE("a stop at any moment leaves the step done on all devices or on none") {
  const std::string schedule = GENERATE("1f1b", "chimera");
  const proto::Job job =
      MakeJob(kSmallGpt, {"pipeline.stages=4", "run.steps=30", absl::StrCat("pipeline.schedule=", schedule)});
  const auto run = TrainingSession::Create(job).value();
  const Outcome expected = RunToTheEnd(job);
  std::atomic<bool> stop{false};
  run->SetStop(&stop);
  int num_stopped = 0;
  for (int step = 0; step < job.run().steps();) {
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(97 * (step + num_stopped) % 6000));
      stop = true;
    });
    const StepResult result = run->Step(step).value();
    stopper.join();
    stop = false;
    if (result.applied) {
      REQUIRE(result.loss == expected.losses[step]);
      REQUIRE(result.gradient_norm == expected.gradient_norms[step]);
      ++step;
    } else {
      REQUIRE(result.stopped);
      ++num_stopped;
      REQUIRE(run->Step(step).value().loss == expected.losses[step]);
      ++step;
    }
  }
  CAPTURE(num_stopped);
  const std::vector<TensorToWrite> weights = run->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    const std::vector<std::byte> bytes(tensor.data, tensor.data + tensor.shape.NumBytes());
    REQUIRE((bytes == expected.weights.at(tensor.name)));
  }
}

TEST_CASE("more threads a device than cores are refused, with the number of cores") {
  const int cores = AvailableCores();
  const auto run = TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("devices.threads_each=", cores + 1)}));
  CHECK(run.status().code() == absl::StatusCode::kUnavailable);
  CHECK(run.status().message() == absl::StrCat("devices.backend: HOST on this machine: devices.threads_each: ",
                                               cores + 1, " must be at most ", cores, ", its number of cores"));
  CHECK(TrainingSession::Create(MakeJob(kSmallGpt, {absl::StrCat("devices.threads_each=", cores), "pipeline.stages=2"}))
            .ok());
}

}  // namespace
}  // namespace baton
