// Wrong models.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("wrong models") {
  CheckWrong(GENERATE(
      Wrong{"batch { sequences: 1 }", "",
            "model is missing: gpt2 { … }, llama { … }, bert { … }, vit { … }, resnet { … }, mlp { … } or a list of "
            "layer { … }"},
      Wrong{kGpt, "model.gpt2={}", "model.gpt2.layers is missing: the number of transformer blocks"},
      Wrong{kGpt, "model.gpt2={layers: 1}", "model.gpt2.width is missing: the width of an embedding"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4}", "model.gpt2.heads is missing: the number of attention heads"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4 heads: 2}",
            "model.gpt2.context is missing: the most tokens of a sequence"},
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
      Wrong{kGpt, "model.gpt2.activation=NONE",
            "model.gpt2.activation: NONE is not one of RELU, GELU, GELU_TANH, SILU"},
      Wrong{kGpt, "model.gpt2.vocabulary=1", "model.gpt2.vocabulary: 1 must be at least 2"},
      Wrong{kGpt, "model.gpt2.layers=4096;model.gpt2.width=65536",
            "model: 2.1111e+14 parameters must be at most 1099511627776"},
      Wrong{kGpt, "model.gpt2.context=1048576",
            "model: a tensor of 8.79609e+12 elements a micro-batch must be at most 1099511627776"},
      Wrong{kGpt, "model.inputs=4", "model.inputs: 4 goes with a list of layers, not with model.gpt2"},
      Wrong{kGpt, "model.layer=[{ relu {} }]", "model: layer cannot stand beside another kind, gpt2"},
      Wrong{kGpt, "model.z_loss=-1", "model.z_loss: -1 must be from 0 to 1"},
      Wrong{kGpt, "model.freeze=" + std::string(4097, 'x'), "model.freeze: 4097 characters must be at most 4096"},
      Wrong{kGpt, "model.gpt2.feed_forward=0", "model.gpt2.feed_forward: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.epsilon=0", "model.gpt2.epsilon: 0 must be above 0 and at most 1"},
      Wrong{kMlp, "model.mlp.sizes=5",
            "model.mlp.sizes: 1 sizes must be from 2 to 4097 (input, hidden layers, classes)"},
      Wrong{kMlp, "model.mlp.sizes=5,0,3", "model.mlp.sizes[1]: 0 must be at least 1"},
      Wrong{kMlp, "model.mlp.sizes=5,3,1", "model.mlp.sizes[2]: 1 must be at least 2"},
      Wrong{kMlp, "model.mlp.sizes=5,9999999,2", "model.mlp.sizes[1]: 9999999 must be at most 1048576"}));
}

constexpr char kLlama[] = R"(
  model { llama { layers: 2 width: 48 heads: 6 key_value_heads: 2 feed_forward: 96 context: 64 vocabulary: 256 } }
  data { text: "text/*.txt" }
  batch { sequences: 4 }
  run { steps: 3 })";

constexpr char kImages[] = R"(
  model { vit { layers: 2 width: 8 heads: 2 image { height: 8 } patch: 4 classes: 3 } }
  data { clusters {} }
  batch { sequences: 4 }
  run { steps: 3 })";

TEST_CASE("defaults of models of images") {
  const auto vit = ResolveJob(Make(kImages, ""));
  INFO(vit.status());
  REQUIRE(vit.ok());
  CHECK(vit->model().vit().image().channels() == 3);
  CHECK(vit->model().vit().image().width() == 8);
  CHECK(vit->model().vit().feed_forward() == 32);
  CHECK(vit->model().has_dropout());
  CHECK(vit->model().has_attention_dropout());
  CHECK(ResolveJob(Make(kImages, "model.dropout=0.25"))->model().embedding_dropout() == 0.25);
  CHECK(NumLayers(*vit) == 2);
  CHECK(NumFeatures(*vit) == 192);
  CHECK(NumClasses(*vit) == 3);
  const auto resnet =
      ResolveJob(Make(kImages, "model={resnet { widths: [8, 16] depths: [2, 3] image { height: 32 } classes: 4 }}"));
  INFO(resnet.status());
  REQUIRE(resnet.ok());
  CHECK(resnet->model().resnet().block() == proto::Resnet::BOTTLENECK);
  CHECK(resnet->model().resnet().statistics() == proto::MICRO_BATCH);
  CHECK(NumLayers(*resnet) == 5);
  CHECK(NumClasses(*resnet) == 4);
  const auto list =
      ResolveJob(Make(kImages,
                      "model={image { channels: 2 height: 9 } layer { convolution { outputs: 4 kernel: 3 } } "
                      "layer { max_pool { kernel: 3 } } layer { linear { outputs: 6 } }}"));
  INFO(list.status());
  REQUIRE(list.ok());
  CHECK(list->model().layer(1).max_pool().stride() == 3);
  CHECK(NumFeatures(*list) == 162);
  CHECK(NumClasses(*list) == 6);
}

TEST_CASE("wrong models of images and lists of layers") {
  const std::string list = "model={image { height: 8 } layer { ";
  CheckWrong(GENERATE_COPY(
      Wrong{kImages, "model.vit.heads=3", "model.vit.heads: 3 does not divide model.vit.width: 8"},
      Wrong{kImages, "model.vit.patch=3", "model.vit.patch: 3 does not divide model.vit.image.height: 8"},
      Wrong{kImages, "model.vit.classes=1", "model.vit.classes: 1 must be at least 2"},
      Wrong{kImages, "model.vit.image={}", "model.vit.image.height is missing: the height of an image in pixels"},
      Wrong{kImages, "model.dropout=1", "model.dropout: 1 must be at least 0 and below 1"},
      Wrong{kImages, "model.attention_dropout=-1", "model.attention_dropout: -1 must be at least 0 and below 1"},
      Wrong{kImages, "model.embedding_dropout=1", "model.embedding_dropout: 1 must be at least 0 and below 1"},
      Wrong{kMlp, "model.attention_dropout=0",
            "model.attention_dropout: goes with gpt2, llama, bert and vit, not with mlp"},
      Wrong{kImages, "model.image={height: 4}", "model.image: goes with a list of layers, not with model.vit"},
      Wrong{kMlp, "model.dropout=0.5", "model.dropout: goes with gpt2, llama, bert and vit, not with mlp"},
      Wrong{kImages, "model={resnet { widths: [8, 16] depths: 2 image { height: 32 } classes: 4 }}",
            "model.resnet.depths: 1 numbers must be as many as widths: 2"},
      Wrong{kImages, "model={resnet { widths: 2 depths: 2 image { height: 32 } classes: 4 }}",
            "model.resnet.widths[0]: 2 must be at least 4"},
      Wrong{kImages, "model={resnet { widths: 8 depths: 5000 image { height: 32 } classes: 4 }}",
            "model.resnet.depths[0]: 5000 must be at most 4096"},
      Wrong{kImages, "model={inputs: 4 image { height: 8 } layer { relu {} }}",
            "model: inputs, image and a first layer of embedding exclude each other"},
      Wrong{kImages, list + "convolution { outputs: 2 kernel: 9 } }}",
            "model.layer[0].convolution.kernel: 9 is larger than the image, 3 x 8 x 8"},
      Wrong{kImages, list + "convolution { outputs: 2 kernel: 3 padding: 3 } }}",
            "model.layer[0].convolution.padding: 3 must be at most 2"},
      Wrong{kImages, list + "max_pool { kernel: 3 padding: 2 } }}",
            "model.layer[0].max_pool.padding: 2 must be at most 1"},
      Wrong{kImages, list + "group_norm { groups: 2 } }}",
            "model.layer[0].group_norm.groups: 2 does not divide the channels: 3"},
      Wrong{kImages, list + "layer_norm {} }}", "model.layer[0].layer_norm: reads features, not 3 x 8 x 8"},
      Wrong{kImages, list + "attention { heads: 2 } }}",
            "model.layer[0].attention: reads rows of features not 3 x 8 x 8"},
      Wrong{kImages, list + "relu {} }}", "model.layer: ends with 3 x 8 x 8; it must end with one row of features"},
      Wrong{kImages, list + "dropout { probability: 1 } }}",
            "model.layer[0].dropout.probability: 1 must be at least 0 and below 1"},
      Wrong{kImages, list + "residual { layer { convolution { outputs: 4 kernel: 1 } } } }}",
            "model.layer[0].residual: layer ends with 4 x 8 x 8, but the input is 3 x 8 x 8"},
      Wrong{kImages, list + "residual { layer { relu {} } shortcut { convolution { outputs: 4 kernel: 1 } } } }}",
            "model.layer[0].residual: layer ends with 3 x 8 x 8, but shortcut ends with 4 x 8 x 8"},
      Wrong{kImages, list + "patches { edge: 3 outputs: 4 } }}",
            "model.layer[0].patches.edge: 3 does not divide the height: 8"}));
}

TEST_CASE("defaults of language models") {
  const auto gpt = ResolveJob(Make(kGpt, ""));
  REQUIRE(gpt.ok());
  CHECK(gpt->model().gpt2().feed_forward() == 512);
  CHECK(gpt->model().gpt2().epsilon() == 1e-5);
  CHECK(gpt->model().gpt2().tied());
  const auto job = ResolveJob(Make(kLlama, ""));
  INFO(job.status());
  REQUIRE(job.ok());
  const proto::Llama& llama = job->model().llama();
  CHECK(llama.head_width() == 8);
  CHECK(llama.activation() == proto::SILU);
  CHECK(llama.epsilon() == 1e-5);
  CHECK(llama.window() == 0);
  CHECK(!llama.tied());
  CHECK(llama.has_query_key_norm());
  CHECK(llama.rotary().base() == 10000);
  CHECK(llama.rotary().factor() == 1);
  CHECK(NumLayers(*job) == 2);
  CHECK(NumClasses(*job) == 256);
  CHECK(ContextOf(*job) == 64);
}

TEST_CASE("the limit of a tensor counts the tokens of this job's sequences") {
  CHECK(ResolveJob(Make(kGpt, "model.gpt2.context=1048576;data.context=128")).ok());
}

TEST_CASE("wrong Llama models") {
  CheckWrong(GENERATE(
      Wrong{kLlama, "model.llama={}", "model.llama.layers is missing: the number of transformer blocks"},
      Wrong{kLlama, "model.llama={layers: 1 width: 8 heads: 2}",
            "model.llama.feed_forward is missing: the width of the gated feed-forward half"},
      Wrong{kLlama, "model.llama.heads=5;model.llama.key_value_heads=5",
            "model.llama.heads: 5 does not divide model.llama.width: 48"},
      Wrong{kLlama, "model.llama.key_value_heads=4",
            "model.llama.key_value_heads: 4 does not divide model.llama.heads: 6"},
      Wrong{kLlama, "model.llama.key_value_heads=0", "model.llama.key_value_heads: 0 must be at least 1"},
      Wrong{kLlama, "model.llama.head_width=7",
            "model.llama.head_width: 7 must be even, since rotary positions turn pairs"},
      Wrong{kLlama, "model.llama.activation=NONE",
            "model.llama.activation: NONE is not one of RELU, GELU, GELU_TANH, SILU"},
      Wrong{kLlama, "model.llama.epsilon=nan", "model.llama.epsilon: nan must be above 0 and at most 1"},
      Wrong{kLlama, "model.llama.window=-1", "model.llama.window: -1 must be at least 0"},
      Wrong{kLlama, "model.llama.rotary.base=1", "model.llama.rotary.base: 1 must be above 1 and at most 1e+12"},
      Wrong{kLlama, "model.llama.rotary.factor=0.5", "model.llama.rotary.factor: 0.5 must be from 1 to 1e+06"},
      Wrong{kLlama, "model.llama.rotary={magnitude: 0}",
            "model.llama.rotary.magnitude: 0 must be above 0 and at most 1e+06"},
      Wrong{kLlama, "model.llama.rotary={factor: 2 blends_between_pairs: true}",
            "model.llama.rotary.blends_between_pairs: true needs stretch: YARN"},
      Wrong{kLlama, "model.llama.rotary={low_frequency: 4 high_frequency: 4}",
            "model.llama.rotary.high_frequency: 4 must be above low_frequency: 4 and at most 1e+06"},
      Wrong{kLlama,
            "model.llama.layers=4096;model.llama.width=65536;model.llama.heads=64;model.llama.feed_forward=1000000",
            "model: 8.41604e+14 parameters must be at most 1099511627776"},
      Wrong{kLlama, "pipeline.stages=3",
            "pipeline: stages: 3 and chunks_per_device: 1 make 3 chunks, more than model.llama.layers: 2"}));
}

TEST_CASE("wrong lists of layers") {
  CheckWrong(GENERATE(
      Wrong{kLayers, "model={layer { relu {} }}",
            "model.inputs is missing: the features of one example, for a list of layers"},
      Wrong{kLayers, "model.inputs=0", "model.inputs: 0 must be at least 1"},
      Wrong{kLayers, "model.layer=[{ relu {} }, {}]",
            "model.layer[1] is missing: one of linear, layer_norm, relu, gelu, residual, convolution, group_norm, "
            "batch_norm, "
            "max_pool, average_pool, rms_norm, dropout, attention, gated_feed_forward, patches, global_average, "
            "embedding"},
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

}  // namespace
}  // namespace baton
