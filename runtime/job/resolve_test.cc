// Defaults, what resolving guarantees, and wrong names, batches and runs.
#include "runtime/job/resolve.h"

#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("defaults are filled in") {
  const auto job = ResolveJob(Make(kMlp, ""));
  INFO(job.status());
  REQUIRE(job.ok());
  CHECK(job->name() == "job");
  CHECK(job->model().mlp().activation() == proto::RELU);
  CHECK(job->data().clusters().examples() == 4096);
  CHECK(job->data().clusters().seed() == 1);
  CHECK(job->data().clusters().noise() == 0.5);
  CHECK(job->data().held_out() == 0);
  CHECK(job->batch().micro_batches() == 1);
  CHECK(job->pipeline().stages() == 1);
  CHECK(job->pipeline().chunks_per_device() == 1);
  CHECK(job->pipeline().schedule() == "1f1b");
  CHECK(job->pipeline().split().has_balanced());
  CHECK(job->optimizer().adamw().learning_rate() == 1e-3);
  CHECK(job->optimizer().adamw().weight_decay() == 0.01);
  CHECK(job->optimizer().adamw().beta1() == 0.9);
  CHECK(job->optimizer().adamw().beta2() == 0.999);
  CHECK(job->optimizer().adamw().epsilon() == 1e-8);
  CHECK(job->optimizer().has_clip_norm());
  CHECK(job->optimizer().has_warmup_steps());
  CHECK(job->optimizer().decay() == proto::Optimizer::CONSTANT);
  CHECK(job->optimizer().min_ratio() == 0.1);
  CHECK(job->run().seed() == 1);
  CHECK(job->run().log_every() == 10);
  CHECK(job->run().has_evaluate_every());
  CHECK(job->run().has_evaluate_at_most());
  CHECK(job->run().on_nonfinite() == proto::Run::STOP);
  CHECK(job->devices().backend() == proto::Devices::HOST);
  CHECK(job->devices().count() == 1);
  CHECK(job->devices().threads_each() == 1);
  CHECK(NumLayers(*job) == 3);
  CHECK(NumFeatures(*job) == 784);
  CHECK(NumClasses(*job) == 10);
}

TEST_CASE("resolving a resolved job changes nothing, and what is set stays") {
  const std::string text = GENERATE(kGpt, kMlp, kLayers);
  const auto once = ResolveJob(Make(text, "run.seed=0;optimizer.adamw.beta1=0;devices.backend=CUDA"));
  INFO(once.status());
  REQUIRE(once.ok());
  CHECK(once->run().seed() == 0);
  CHECK(once->optimizer().adamw().beta1() == 0);
  CHECK(once->devices().backend() == proto::Devices::CUDA);
  const auto twice = ResolveJob(*once);
  REQUIRE(twice.ok());
  CHECK(twice->SerializeAsString() == once->SerializeAsString());
}

TEST_CASE("sizes of a list of layers and of a GPT-2") {
  const auto layers = ResolveJob(Make(kLayers, ""));
  INFO(layers.status());
  REQUIRE(layers.ok());
  CHECK(NumLayers(*layers) == 6);
  CHECK(NumFeatures(*layers) == 64);
  CHECK(NumClasses(*layers) == 4);
  const auto gpt = ResolveJob(Make(kGpt, "pipeline.chunks_per_device=2;pipeline.split.layers=[1,1,1,1,1,1,1,1]"));
  INFO(gpt.status());
  REQUIRE(gpt.ok());
  CHECK(NumLayers(*gpt) == 8);
  CHECK(NumFeatures(*gpt) == 0);
  CHECK(NumClasses(*gpt) == 256);
  CHECK(NumChunks(*gpt) == 8);
  CHECK(gpt->devices().count() == 4);
}

TEST_CASE("values at their limits pass") {
  const std::string overrides =
      GENERATE("batch.sequences=8", "pipeline.stages=8", "optimizer.warmup_steps=301", "optimizer.min_ratio=1",
               "optimizer.min_ratio=0", "data.held_out=0", "optimizer.adamw.weight_decay=0", "devices.count=4",
               "pipeline.split.layers=2,2,3,1", "run.steps=1000000000", "model.gpt2.context=1",
               "model.gpt2.activation=GELU_TANH", "model.gpt2.activation=RELU");
  INFO(overrides);
  CHECK(ResolveJob(Make(kGpt, overrides)).status() == absl::OkStatus());
}

TEST_CASE("wrong names, batches and runs") {
  CheckWrong(
      GENERATE(Wrong{kGpt, "name=", "name is missing: the job's name in reports and output folders"},
               Wrong{kGpt, "name=" + std::string(201, 'x'), "name: 201 characters must be at most 200"},
               Wrong{kGpt, "name=\"caf\\xe9\"", "name: \"caf\\xe9\" is not UTF-8"},
               Wrong{kGpt, "data.text=\xff\x1b", "data.text: \"\\xff\\x1b\" is not UTF-8"},
               Wrong{kGpt, "run={}", "run.steps is missing: the number of optimizer steps"},
               Wrong{kGpt, "run.steps=0", "run.steps: 0 must be at least 1"},
               Wrong{kGpt, "run.log_every=0", "run.log_every: 0 must be at least 1"},
               Wrong{kGpt, "run.evaluate_at_most=-1", "run.evaluate_at_most: -1 must be at least 0"},
               Wrong{kGpt, "run.evaluate_every=-1", "run.evaluate_every: -1 must be at least 0"},
               Wrong{kGpt, "run.time_limit=-1", "run.time_limit: -1 must be from 0 to 3.1536e+07"},
               Wrong{kGpt, "checkpoint.every=-1", "checkpoint.every: -1 must be at least 0"},
               Wrong{kGpt, "checkpoint.keep=-1", "checkpoint.keep: -1 must be at least 0"},
               Wrong{kGpt, "checkpoint.seconds=nan", "checkpoint.seconds: nan must be from 0 to 3.1536e+07"},
               Wrong{kMlp, "run.evaluate_every=5", "run.evaluate_every: 5 needs data.held_out above 0"},
               Wrong{kGpt, "batch={}", "batch.sequences is missing: the sequences or examples of one optimizer step"},
               Wrong{kGpt, "batch.micro_batches=7", "batch.micro_batches: 7 does not divide batch.sequences: 16"},
               Wrong{kGpt, "batch.micro_batches=0", "batch.micro_batches: 0 must be at least 1"},
               Wrong{kGpt, "batch.sequences=0", "batch.sequences: 0 must be at least 1"},
               Wrong{kGpt, "batch.sequences=2147483647", "batch.sequences: 2147483647 must be at most 1048576"}));
}

}  // namespace
}  // namespace baton
