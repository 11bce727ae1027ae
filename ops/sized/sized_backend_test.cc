// SizedBackend: sizes in 16 bits beside those of the host; layers that cannot run.
#include "ops/sized/sized_backend.h"

#include <catch2/catch.hpp>
#include <vector>

#include "ops/host/host_backend.h"
#include "ops/layers/build.h"

namespace baton {
namespace {

constexpr int64_t kSequences = 2, kContext = 8, kWidth = 16, kVocabulary = 32;

LayerSpec Linear(int64_t inputs, int64_t outputs) {
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = inputs;
  linear.outputs = outputs;
  return {linear};
}

std::vector<LayerSpec> Layers() {
  EmbeddingSpec embedding;
  embedding.token_name = "wte";
  embedding.vocabulary = kVocabulary;
  embedding.context = kContext;
  embedding.width = kWidth;
  LayerNormSpec norm;
  norm.name = "ln";
  norm.width = kWidth;
  return {{embedding},
          {norm},
          Linear(kWidth, 3 * kWidth),
          {AttentionSpec{2, kWidth}},
          Linear(kWidth, kVocabulary),
          {CrossEntropySpec{kVocabulary, kSequences * kContext}}};
}

TEST_CASE("activations have 16 bits; parameters, FLOPs and what else is saved are the host's") {
  const Shape input(DataType::kInt32, {kSequences, kContext});
  const SizedBackend sized;
  CHECK(sized.precision() == DataType::kBFloat16);
  const auto layers = BuildLayers(sized, Layers(), input).value();
  const auto host = BuildLayers(HostBackend(), Layers(), input).value();
  REQUIRE(layers.size() == host.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(i);
    CHECK(layers[i]->output_shape().extents() == host[i]->output_shape().extents());
    CHECK(layers[i]->flops().forward == host[i]->flops().forward);
    CHECK(layers[i]->flops().backward_input == host[i]->flops().backward_input);
    CHECK(layers[i]->footprint().saved == host[i]->footprint().saved);
    CHECK(layers[i]->input_use() == host[i]->input_use());
    CHECK(layers[i]->parameters().size() == host[i]->parameters().size());
    if (layers[i]->output_shape().extents().empty()) continue;
    CHECK(layers[i]->output_shape().type() == DataType::kBFloat16);
    CHECK(layers[i]->output_shape().NumBytes() == host[i]->output_shape().NumBytes() / 2);
  }
}

TEST_CASE("a layer that has only sizes cannot run") {
  const SizedBackend backend;
  const Shape input(DataType::kBFloat16, {2, 4});
  const auto layer = backend.Create(Linear(4, 8), input).value();
  CHECK(layer->output_shape() == Shape(DataType::kBFloat16, {2, 8}));
  CHECK(layer->Forward({}, {}).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(layer->BackwardInput({}, {}).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(layer->BackwardWeight({}, {}).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(backend.Add({}, input, nullptr, nullptr, nullptr).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(backend.Create(Linear(5, 8), input).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
