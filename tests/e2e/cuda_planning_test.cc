// CUDA jobs on the stand-in before their first step: memory, measured layers, and a machine without a GPU.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bfloat16.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/bench.h"
#include "runtime/planning/profile.h"
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/e2e/cuda_job.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("CUDA: the planned peak is the peak of the arena") {
  const FakeGpus gpus(1, 19);
  const auto run = TrainingSession::Create(MakeJob(kTinyGpt, {"pipeline.stages=2", "devices.precision=BF16"})).value();
  REQUIRE(run->Step(0).ok());
  for (int device = 0; device < 2; ++device) {
    CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
  }
}

TEST_CASE("CUDA: layers are measured through the device") {
  const FakeGpus gpus(1, 23);
  const proto::Job job = MakeJob(kTinyGpt, {"devices.precision=BF16"});
  const std::unique_ptr<Backend> backend = MakeBackend(job.devices()).value();
  ModelTable table = MakeModelTable(*backend, ModelOfJob(job).value()).value();
  const JobDevices devices = MakeDevices(job.devices(), 2).value();
  const std::vector<Device*> pointers = devices.Pointers();
  const TransferCosts transfer = ProfileLayers({backend.get(), pointers, devices.transport.get(), 2}, table).value();
  CHECK(transfer.transfer_ns > 0);
  for (const LayerCosts& layer : table.costs) {
    CHECK(layer.forward_ns > 0);
    CHECK(layer.backward_input_ns > 0);
    CHECK(layer.backward_weight_ns > 0);
  }
}

TEST_CASE("CUDA: layers are measured on random numbers in every precision") {
  for (const char* precision : {"FLOAT32", "BF16"}) {
    CAPTURE(precision);
    const FakeGpus gpus(1, 24);
    const proto::Job job = MakeJob(kTinyGpt, {absl::StrCat("devices.precision=", precision)});
    const std::unique_ptr<Backend> backend = MakeBackend(job.devices()).value();
    // More elements than are drawn, so that they repeat.
    const Shape input(backend->precision(), {1100, 1000});
    std::unique_ptr<Layer> layer = backend->Create({ActivationSpec{}}, input).value();
    const JobDevices devices = MakeDevices(job.devices(), 1).value();
    const std::unique_ptr<Bench> bench =
        Bench::Create(*devices.devices[0], TimedLayerBytes(*backend, *layer, Shape())).value();
    const auto timed = MakeTimedLayer(*backend, *bench, std::move(layer), Shape(), /*is_first=*/true).value();
    for (const std::byte* tensor : {timed->buffers.input, timed->buffers.grad_output}) {
      int64_t zeros = 0;
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < input.NumElements(); ++i) {
        const float value = input.type() == DataType::kBFloat16
                                ? FromBFloat16Bits(reinterpret_cast<const uint16_t*>(tensor)[i])
                                : reinterpret_cast<const float*>(tensor)[i];
        zeros += value == 0 ? 1 : 0;
        sum += value;
        squares += value * value;
      }
      CHECK(zeros < 10);
      CHECK(sum / input.NumElements() == Approx(0).margin(0.01));
      CHECK(squares / input.NumElements() == Approx(1).epsilon(0.01));
    }
  }
}

TEST_CASE("CUDA: without a GPU a job is refused with the driver's error, but its sizes are known") {
  stand_in::SetNumGpus(0);
  const proto::Job job = MakeJob(kTinyGpt);
  const absl::Status status = TrainingSession::Create(job).status();
  const auto backend = MakeBackend(job.devices());
  const auto table = MakeModelTable(**backend, ModelOfJob(job).value());
  stand_in::SetNumGpus(1);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(absl::StrContains(std::string(status.message()), "devices.backend: no CUDA device: "));
  CHECK(table->costs.size() == 4);
}

}  // namespace
}  // namespace baton
