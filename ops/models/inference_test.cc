// Removing the loss from a model, and which models are causal.
#include "ops/models/inference.h"

#include <catch2/catch.hpp>

#include "ops/layers/build.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/mlp/mlp.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

ModelSpec SmallGpt2() {
  Gpt2Options options;
  options.layers = 2;
  options.width = 8;
  options.heads = 2;
  options.context = 6;
  options.vocabulary = 11;
  return Gpt2Model(options, 1, 1).value();
}

Shape OutputOf(const ModelSpec& model) {
  const ReferenceBackend backend;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape);
  INFO(layers.status());
  REQUIRE(layers.ok());
  return layers->back()->output_shape();
}

TEST_CASE("a model without its loss gives logits and has the same parameters") {
  const ModelSpec with = SmallGpt2();
  const ModelSpec without = WithoutLoss(with);
  CHECK(OutputOf(with).empty());
  CHECK(OutputOf(without) == Shape(DataType::kFloat32, {1, 6, 11}));
  CHECK(without.layers.size() == with.layers.size());
  MlpOptions mlp;
  mlp.sizes = {4, 3};
  CHECK(OutputOf(WithoutLoss(MlpModel(mlp, 5, 5).value())) == Shape(DataType::kFloat32, {5, 3}));
}

TEST_CASE("a layer that is nothing but the loss disappears") {
  ModelSpec model;
  model.input_shape = Shape(DataType::kFloat32, {2, 3});
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = linear.outputs = 3;
  model.layers = {{linear}, {SequenceSpec{{{CrossEntropySpec{3, 2}}}}}};
  model.layer_names = {"fc", "loss"};
  const ModelSpec without = WithoutLoss(model);
  CHECK(without.layers.size() == 1);
  CHECK(without.layer_names == std::vector<std::string>{"fc"});
  CHECK(WithoutLoss(without).layers.size() == 1);  // nothing to remove
}

TEST_CASE("a model is causal if all of its attention is") {
  CHECK(IsCausal(SmallGpt2()));
  ModelSpec model;
  AttentionSpec attention{2, 8};
  model.layers = {{ResidualSpec{{{attention}}}}};
  CHECK(IsCausal(model));
  attention.causal = false;
  model.layers.push_back({SequenceSpec{{{ResidualSpec{{{attention}}}}}}});
  CHECK_FALSE(IsCausal(model));
}

TEST_CASE("a model of features reads no tokens") {
  CHECK(ReadsTokens(SmallGpt2()));
  MlpOptions mlp;
  mlp.sizes = {4, 3};
  CHECK_FALSE(ReadsTokens(MlpModel(mlp, 5, 5).value()));
}

}  // namespace
}  // namespace baton
