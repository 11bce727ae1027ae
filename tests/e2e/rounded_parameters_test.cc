// Parameters that each update rounds to bf16: the same bits for every layout of a run, and after going on.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bfloat16.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

proto::Job JobOf(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"devices.parameters=BF16", "batch={sequences: 8 micro_batches: 8 sum_groups: 4}"});
  return MakeJob(kSmallGpt, more);
}

// The number of values that are not numbers of bf16.
int64_t CountWide(const std::map<std::string, std::vector<std::byte>>& weights) {
  int64_t count = 0;
  for (const auto& [name, bytes] : weights) {
    for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
      float value;
      std::memcpy(&value, bytes.data() + at, sizeof(value));
      count += FromBFloat16Bits(ToBFloat16Bits(value)) == value ? 0 : 1;
    }
  }
  return count;
}

TEST_CASE("rounded parameters have the same bits for any replicas, stages, schedule and zero") {
  const Outcome expected = RunToTheEnd(JobOf());
  CHECK(CountWide(expected.weights) == 0);
  CHECK(expected.losses.back() < expected.losses.front());
  for (const auto& more : std::vector<std::vector<std::string>>{
           {"pipeline.stages=4", "pipeline.schedule=zb-h1"},
           {"pipeline.stages=2", "parallel.replicas=2"},
           {"pipeline.stages=2", "parallel={replicas: 4 zero: 1}"},
           {"pipeline.stages=2", "pipeline.schedule=zb-v", "parallel={replicas: 2 zero: 1}"},
           {"parallel={replicas: 2 zero: 1 verify_replicas_every: 1}"}}) {
    CAPTURE(more);
    CHECK(RunToTheEnd(JobOf(more)) == expected);
  }
  // In f32 nothing is rounded.
  const Outcome wide = RunToTheEnd(JobOf({"devices.parameters=FLOAT32"}));
  CHECK(CountWide(wide.weights) > 0);
  CHECK(wide.losses[3] == Approx(expected.losses[3]).epsilon(0.02));
}

TEST_CASE("a run with rounded parameters goes on from a checkpoint with the bits of an undisturbed one") {
  const Outcome whole = RunToTheEnd(JobOf());
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/rounded");
  Outcome outcome;
  const auto step = [&](TrainingSession& session, int64_t index) {
    const StepResult result = session.Step(index).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  };
  {
    const auto session =
        TrainingSession::Create(JobOf({"pipeline.stages=2", "parallel={replicas: 2 zero: 1}"})).value();
    for (int64_t index = 0; index < 2; ++index) step(*session, index);
    StateSnapshot snapshot;
    session->state().Prepare(snapshot);
    REQUIRE(session->state().CopyTo(snapshot).ok());
    proto::CheckpointManifest manifest = session->DescribeRun();
    manifest.set_step(2);
    REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files).ok());
  }
  const auto session = TrainingSession::Create(JobOf({"pipeline.stages=4"})).value();
  REQUIRE(session->Restore(*Checkpoint::Open(absl::StrCat(folder, "/", StepName(2))).value()).ok());
  for (int64_t index = 2; index < 4; ++index) step(*session, index);
  const std::vector<TensorToWrite> weights = session->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
  CHECK(outcome == whole);
}

TEST_CASE("many updates that are smaller than half of a spacing move rounded parameters on average") {
  // Updates of 2⁻¹² from values near 1, where numbers of bf16 are 2⁻⁷ apart: rounded to the nearest one all are lost.
  const std::vector<std::string> settings = {
      "optimizer={adamw {learning_rate: 0.000244140625 weight_decay: 0} clip_norm: 0}", "run.steps=8"};
  const auto run = TrainingSession::Create(JobOf(settings)).value();
  const auto scales = [&] {
    double sum = 0;
    int64_t count = 0, off_one = 0;
    const std::vector<TensorToWrite> weights = run->Weights().value();
    for (const TensorToWrite& tensor : weights) {
      if (tensor.name.find("ln_") == std::string::npos || tensor.name.find("weight") == std::string::npos) continue;
      for (int64_t i = 0; i < tensor.shape.NumElements(); ++i) {
        const float value = reinterpret_cast<const float*>(tensor.data)[i];
        sum += std::abs(value - 1.0f);
        off_one += value != 1.0f ? 1 : 0;
        ++count;
      }
    }
    REQUIRE(count > 200);
    return std::make_pair(off_one, sum / static_cast<double>(count));
  };
  CHECK(scales().first == 0);
  for (int64_t step = 0; step < 8; ++step) REQUIRE(run->Step(step).ok());
  const auto [off_one, mean_move] = scales();
  CHECK(off_one > 0);
  // Eight updates of at most 2⁻¹² each; about as many go up as down for some, so the mean is less.
  CHECK(mean_move < 8 * 0x1p-12 * 1.5);
  CHECK(mean_move > 0x1p-12);
}

TEST_CASE("a step with rounded parameters uses the memory that was predicted, to the byte") {
  const auto run = TrainingSession::Create(JobOf({"pipeline.stages=2", "parallel={replicas: 2 zero: 1}"})).value();
  REQUIRE(run->Step(0).ok());
  for (int device = 0; device < run->program().num_devices(); ++device) {
    CHECK(run->PeakArenaBytes(device) == run->program().devices[device].arena_bytes);
  }
}

}  // namespace
}  // namespace baton
