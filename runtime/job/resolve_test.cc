// Defaults filled in, and each limit with its sentence.
#include "runtime/job/resolve.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"

namespace baton {
namespace {

constexpr char kGpt[] = R"(
  name: "gpt"
  model { gpt2 { layers: 8 width: 128 heads: 4 context: 128 vocabulary: 256 } }
  data { text: "/usr/share/common-licenses/*" held_out: 0.05 }
  batch { sequences: 16 micro_batches: 8 }
  pipeline { stages: 4 }
  run { steps: 300 })";

constexpr char kMlp[] = R"(
  model { mlp { sizes: [784, 512, 256, 10] } }
  data { clusters {} }
  batch { sequences: 12 }
  run { steps: 5 })";

constexpr char kLayers[] = R"(
  model { inputs: 64 layer { linear { outputs: 32 } } layer { layer_norm {} } layer { gelu {} }
          layer { residual { layer { linear { outputs: 16 } } layer { linear { outputs: 32 activation: RELU } } } }
          layer { linear { outputs: 4 } } layer { relu {} } }
  data { clusters {} }
  batch { sequences: 12 }
  run { steps: 5 })";

// `text` with the assignments of `overrides`, separated by ';'.
proto::Job Make(const std::string& text, const std::string& overrides) {
  auto job = ParseJob(text, "test");
  INFO(job.status());
  REQUIRE(job.ok());
  for (const auto& assignment : absl::StrSplit(overrides, ';', absl::SkipEmpty())) {
    const absl::Status status = ApplyOverride(*job, assignment);
    INFO(status);
    REQUIRE(status.ok());
  }
  return *job;
}

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

TEST_CASE("what a list of layers and a GPT-2 come to") {
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

struct Wrong {
  const char* text;
  std::string overrides;
  std::string message;
};

void CheckWrong(const Wrong& wrong) {
  INFO(wrong.overrides);
  const auto job = ResolveJob(Make(wrong.text, wrong.overrides));
  CHECK(job.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(job.status().message() == wrong.message);
}

TEST_CASE("wrong models") {
  CheckWrong(GENERATE(
      Wrong{"batch { sequences: 1 }", "",
            "model is missing: gpt2 { … }, mlp { … } or inputs and a list of layer { … }"},
      Wrong{kGpt, "model.gpt2={}", "model.gpt2.layers is missing: the number of transformer blocks"},
      Wrong{kGpt, "model.gpt2={layers: 1}", "model.gpt2.width is missing: the width of an embedding"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4}", "model.gpt2.heads is missing: the number of attention heads"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4 heads: 2}",
            "model.gpt2.context is missing: the tokens of a sequence"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4 heads: 2 context: 2}",
            "model.gpt2.vocabulary is missing: the number of different tokens"},
      Wrong{kGpt, "model.gpt2.layers=0", "model.gpt2.layers: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.layers=4097", "model.gpt2.layers: 4097 must be at most 4096"},
      Wrong{kGpt, "model.gpt2.width=-128", "model.gpt2.width: -128 must be at least 1"},
      Wrong{kGpt, "model.gpt2.width=9223372036854775807",
            "model.gpt2.width: 9223372036854775807 must be at most 65536"},
      Wrong{kGpt, "model.gpt2.heads=3", "model.gpt2.heads: 3 does not divide model.gpt2.width: 128"},
      Wrong{kGpt, "model.gpt2.heads=0", "model.gpt2.heads: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.context=0", "model.gpt2.context: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.activation=NONE", "model.gpt2.activation: NONE is not one of RELU, GELU, GELU_TANH"},
      Wrong{kGpt, "model.gpt2.vocabulary=1", "model.gpt2.vocabulary: 1 must be at least 2"},
      Wrong{kGpt, "model.gpt2.layers=4096;model.gpt2.width=65536",
            "model: 2.1111e+14 parameters must be at most 1099511627776"},
      Wrong{kGpt, "model.gpt2.context=1048576",
            "model: a tensor of 8.79609e+12 elements a micro-batch must be at most 1099511627776"},
      Wrong{kGpt, "model.inputs=4", "model.inputs: 4 goes with a list of layers, not with gpt2 or mlp"},
      Wrong{kGpt, "model.layer=[{ relu {} }]", "model: layer cannot stand beside gpt2 or mlp"},
      Wrong{kMlp, "model.mlp.sizes=5",
            "model.mlp.sizes: 1 sizes must be from 2 to 4097 (input, hidden layers, classes)"},
      Wrong{kMlp, "model.mlp.sizes=5,0,3", "model.mlp.sizes[1]: 0 must be at least 1"},
      Wrong{kMlp, "model.mlp.sizes=5,3,1", "model.mlp.sizes[2]: 1 must be at least 2"},
      Wrong{kMlp, "model.mlp.sizes=5,9999999,2", "model.mlp.sizes[1]: 9999999 must be at most 1048576"}));
}

TEST_CASE("wrong lists of layers") {
  CheckWrong(GENERATE(
      Wrong{kLayers, "model={layer { relu {} }}",
            "model.inputs is missing: the features of one example, for a list of layers"},
      Wrong{kLayers, "model.inputs=0", "model.inputs: 0 must be at least 1"},
      Wrong{kLayers, "model.layer=[{ relu {} }, {}]",
            "model.layer[1] is missing: one of linear, layer_norm, relu, gelu, residual"},
      Wrong{kLayers, "model.layer=[{ linear {} }]", "model.layer[0].linear.outputs is missing: the layer's width"},
      Wrong{kLayers, "model.layer=[{ linear { outputs: -1 } }]",
            "model.layer[0].linear.outputs: -1 must be at least 1"},
      Wrong{kLayers, "model.layer=[{ linear { outputs: 1 } }]",
            "model.layer: ends with width 1, the number of classes, which must be at least 2"},
      Wrong{kLayers, "model.layer=[{ residual {} }]", "model.layer[0].residual.layer: 0 layers must be from 1 to 64"},
      Wrong{kLayers, "model.layer=[{ residual { layer { linear { outputs: 32 } } } }]",
            "model.layer[0].residual: ends with width 32 but must keep the width 64"},
      Wrong{kLayers, "model.layer=[{ residual { layer { residual { layer { relu {} } } } } }]",
            "model.layer[0].residual.layer[0].residual: a residual inside a residual"}));
}

TEST_CASE("wrong data") {
  CheckWrong(
      GENERATE(Wrong{kGpt, "data={}", "data is missing: text: \"a pattern of files\" or clusters { … }"},
               Wrong{kGpt, "data.text=", "data.text is missing: a pattern of text files"},
               Wrong{kGpt, "data.text=" + std::string(4097, 'x'), "data.text: 4097 characters must be at most 4096"},
               Wrong{kGpt, "data.held_out=1", "data.held_out: 1 must be at least 0 and below 1"},
               Wrong{kGpt, "data.held_out=-0.1", "data.held_out: -0.1 must be at least 0 and below 1"},
               Wrong{kGpt, "data.held_out=nan", "data.held_out: nan must be at least 0 and below 1"},
               Wrong{kGpt, "data.clusters={}",
                     "data.clusters: gives features, but model.gpt2 reads tokens; use data.text, or model.mlp"},
               Wrong{kGpt, "model.gpt2.vocabulary=255",
                     "model.gpt2.vocabulary: 255 must be at least 256 for data.tokenizer: BYTES"},
               Wrong{kMlp, "data.text=/a",
                     "data.text: gives tokens, but model.mlp reads features; use data.clusters, or model.gpt2"},
               Wrong{kLayers, "data.text=/a",
                     "data.text: gives tokens, but model.layer reads features; use data.clusters, or model.gpt2"},
               Wrong{kMlp, "data.tokenizer=BYTES", "data.tokenizer: goes with data.text, not with data.clusters"},
               Wrong{kMlp, "data.clusters.examples=0", "data.clusters.examples: 0 must be at least 1"},
               Wrong{kMlp, "data.clusters.examples=16777216",
                     "data.clusters.examples: 16777216 examples of 784 features must be at most 268435456 numbers"},
               Wrong{kMlp, "model.mlp.sizes=1048576,2,1000",
                     "data.clusters.examples: 4096 examples of 1048576 features must be at most 268435456 numbers"},
               Wrong{kMlp, "data.clusters.noise=inf", "data.clusters.noise: inf must be from 0 to 1000"},
               Wrong{kMlp, "data.clusters.noise=-1", "data.clusters.noise: -1 must be from 0 to 1000"}));
}

TEST_CASE("wrong batches and pipelines") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "batch={}", "batch.sequences is missing: the sequences or examples of one optimizer step"},
      Wrong{kGpt, "batch.micro_batches=7", "batch.micro_batches: 7 does not divide batch.sequences: 16"},
      Wrong{kGpt, "batch.micro_batches=0", "batch.micro_batches: 0 must be at least 1"},
      Wrong{kGpt, "batch.sequences=0", "batch.sequences: 0 must be at least 1"},
      Wrong{kGpt, "batch.sequences=2147483647", "batch.sequences: 2147483647 must be at most 1048576"},
      Wrong{kGpt, "pipeline.stages=0", "pipeline.stages: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.stages=-4", "pipeline.stages: -4 must be at least 1"},
      Wrong{kGpt, "pipeline.stages=9",
            "pipeline: stages: 9 and chunks_per_device: 1 make 9 chunks, more than model.gpt2.layers: 8"},
      Wrong{kMlp, "pipeline.stages=2;pipeline.chunks_per_device=2",
            "pipeline: stages: 2 and chunks_per_device: 2 make 4 chunks, more than the layers of model.mlp.sizes: 3"},
      Wrong{kGpt, "pipeline.chunks_per_device=0", "pipeline.chunks_per_device: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.schedule=", "pipeline.schedule is missing: a name from the catalog of schedules"},
      Wrong{kGpt, "pipeline.schedule=csv", "pipeline.order is missing: the file with the order of schedule: \"csv\""},
      Wrong{kGpt, "pipeline={ schedule: \"gpipe\" order: \"a.csv\" }",
            "pipeline.order: goes with pipeline.schedule: \"csv\", not with \"gpipe\""},
      Wrong{kGpt, "pipeline.split={balanced {} layers: [8]}", "pipeline.split: balanced and layers exclude each other"},
      Wrong{kGpt, "pipeline.split.layers=2,2,3,3",
            "pipeline.split.layers: 2 + 2 + 3 + 3 = 10, but model.gpt2.layers: 8"},
      Wrong{kGpt, "pipeline.split.layers=4,4",
            "pipeline.split.layers: 2 numbers, but pipeline.stages: 4 and pipeline.chunks_per_device: 1 need 4"},
      Wrong{kGpt, "pipeline.split.layers=4,4,0,0", "pipeline.split.layers[2]: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.split.layers=4,4,2147483647,1",
            "pipeline.split.layers[2]: 2147483647 must be at most 4096"},
      Wrong{kGpt, "pipeline.recompute_layers=FULL,NONE",
            "pipeline.recompute_layers: 2 values, but model.gpt2.layers: 8"},
      Wrong{kMlp, "pipeline.recompute_layers=FULL,NONE,FULL;pipeline.recompute=FULL",
            "pipeline: recompute and recompute_layers exclude each other"},
      Wrong{kLayers, "pipeline.stages=2;pipeline.split.layers=3,4",
            "pipeline.split.layers: 3 + 4 = 7, but the layers of model.layer: 6"}));
}

TEST_CASE("wrong nodes, links, rates and memory") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "devices.nodes=5", "devices.nodes: 5 must be at most 4"},
      Wrong{kGpt, "devices.nodes=2;devices.per_node=4",
            "devices.nodes: 2 of devices.per_node: 4 are not what 4 devices need"},
      Wrong{kGpt, "devices.nodes=2",
            "devices.inter is missing: the link between nodes, as { latency: \"10us\" bandwidth_gbps: 50 }"},
      Wrong{kGpt, "devices.per_node=2;devices.inter={}",
            "devices.intra is missing: the link within a node, as { latency: \"3us\" bandwidth_gbps: 450 }"},
      Wrong{kGpt, "devices.intra={latency: \"3\"}",
            "devices.intra.latency: \"3\" is not a time from 0 to 3600 s with its unit, like 18.5ms; units are ns, us, "
            "ms "
            "and s"},
      Wrong{kGpt, "devices.intra={bandwidth_gbps: -1}", "devices.intra.bandwidth_gbps: -1 must be from 1e-06 to 1e+06"},
      Wrong{kGpt, "devices.intra={bandwidth_gbps: nan}",
            "devices.intra.bandwidth_gbps: nan must be from 1e-06 to 1e+06"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 1}", "devices.rates.memory_gbps is missing: 10^9 bytes a second"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 0 memory_gbps: 1}",
            "devices.rates.matmul_tflops: 0 must be above 0 and at most 1e+06"},
      Wrong{kGpt, "devices.memory_gib=0", "devices.memory_gib: 0 must be above 0 and at most 1.04858e+06"},
      Wrong{
          kGpt, "devices.device=H9000",
          "devices.device: \"H9000\" is not one of V100, A100, L40S, H100, H200, MI300X; give devices.rates instead"}));
}

TEST_CASE("nodes follow from devices in a node and the other way round; a known device has rates and memory") {
  const std::string links = ";devices.intra={};devices.inter={latency: \"9us\"}";
  CHECK(ResolveJob(Make(kGpt, "devices.per_node=3" + links)).value().devices().nodes() == 2);
  CHECK(ResolveJob(Make(kGpt, "devices.nodes=2" + links)).value().devices().per_node() == 2);
  const proto::Devices plain = ResolveJob(Make(kGpt, "run.steps=1")).value().devices();
  CHECK(plain.nodes() == 1);
  CHECK(plain.per_node() == 4);
  CHECK_FALSE(plain.has_intra());
  CHECK_FALSE(plain.has_memory_gib());
  const proto::Devices known =
      ResolveJob(Make(kGpt, "devices.device=H200;devices.rates={matmul_tflops: 500}")).value().devices();
  CHECK(known.rates().matmul_tflops() == 500);
  CHECK(known.rates().memory_gbps() == Approx(4320));
  CHECK(known.memory_gib() == Approx(139.8));
}

TEST_CASE("wrong optimizers, runs and devices") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "name=", "name is missing: what reports and output folders call the job"},
      Wrong{kGpt, "name=" + std::string(201, 'x'), "name: 201 characters must be at most 200"},
      Wrong{kGpt, "optimizer.adamw.learning_rate=0",
            "optimizer.adamw.learning_rate: 0 must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.learning_rate=nan",
            "optimizer.adamw.learning_rate: nan must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.learning_rate=inf",
            "optimizer.adamw.learning_rate: inf must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.weight_decay=-0.1", "optimizer.adamw.weight_decay: -0.1 must be from 0 to 1000"},
      Wrong{kGpt, "optimizer.adamw.beta1=1", "optimizer.adamw.beta1: 1 must be at least 0 and below 1"},
      Wrong{kGpt, "optimizer.adamw.beta2=-1", "optimizer.adamw.beta2: -1 must be at least 0 and below 1"},
      Wrong{kGpt, "optimizer.adamw.epsilon=0", "optimizer.adamw.epsilon: 0 must be above 0 and at most 1"},
      Wrong{kGpt, "optimizer.clip_norm=-1", "optimizer.clip_norm: -1 must be from 0 to 1e+30"},
      Wrong{kGpt, "optimizer.clip_norm=inf", "optimizer.clip_norm: inf must be from 0 to 1e+30"},
      Wrong{kGpt, "optimizer.min_ratio=1.5", "optimizer.min_ratio: 1.5 must be from 0 to 1"},
      Wrong{kGpt, "optimizer.warmup_steps=-1", "optimizer.warmup_steps: -1 must be at least 0"},
      Wrong{kGpt, "run={}", "run.steps is missing: the number of optimizer steps"},
      Wrong{kGpt, "run.steps=0", "run.steps: 0 must be at least 1"},
      Wrong{kGpt, "run.log_every=0", "run.log_every: 0 must be at least 1"},
      Wrong{kGpt, "run.evaluate_every=-1", "run.evaluate_every: -1 must be at least 0"},
      Wrong{kMlp, "run.evaluate_every=5", "run.evaluate_every: 5 needs data.held_out above 0"},
      Wrong{kGpt, "devices.count=2", "devices.count: 2 must be pipeline.stages: 4, one device a stage"},
      Wrong{kGpt, "devices.threads_each=0", "devices.threads_each: 0 must be at least 1"},
      Wrong{kGpt, "devices.precision=BF16",
            "devices.precision: BF16 needs devices.backend: CUDA; HOST computes in FLOAT32"},
      Wrong{kGpt, "devices.deterministic=false",
            "devices.deterministic: false needs devices.backend: CUDA; HOST is always deterministic"},
      Wrong{kMlp, "devices.backend=CUDA;devices.precision=BF16",
            "devices.precision: BF16 needs a model that begins with tokens: gpt2"}));
}

}  // namespace
}  // namespace baton
