// Names do not matter, sizes do.
#include "ops/layers/computation_key.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

LayerSpec Block(const std::string& name, int64_t width, RecomputeMode recompute = RecomputeMode::kNone) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = linear.outputs = width;
  return {ResidualSpec{{{LayerNormSpec{name + ".norm", width}}, {linear}, {ActivationSpec{}}}}, recompute};
}

TEST_CASE("layers that differ by name alone have one key, all others differ") {
  CHECK(ComputationKey(Block("a", 8)) == ComputationKey(Block("b", 8)));
  CHECK(ComputationKey(Block("a", 8)) != ComputationKey(Block("a", 16)));
  CHECK(ComputationKey(Block("a", 8)) != ComputationKey(Block("a", 8, RecomputeMode::kFull)));
  LinearSpec linear, other;
  other.weight_name = "wte.weight";
  CHECK(ComputationKey({linear}) != ComputationKey({other}));
  other = linear;
  other.bias = false;
  CHECK(ComputationKey({linear}) != ComputationKey({other}));
  CHECK(ComputationKey({ActivationSpec{ActivationKind::kRelu}}) != ComputationKey({ActivationSpec{}}));
  CHECK(ComputationKey({AttentionSpec{2, 8}}) != ComputationKey({AttentionSpec{4, 8}}));
  CHECK(ComputationKey({AttentionSpec{4, 8}}) == ComputationKey({AttentionSpec{4, 8, 4}}));
  CHECK(ComputationKey({AttentionSpec{4, 8}}) != ComputationKey({AttentionSpec{4, 8, 2}}));
  CHECK(ComputationKey({AttentionSpec{4, 8}}) != ComputationKey({AttentionSpec{4, 8, 0, false}}));
  CHECK(ComputationKey({AttentionSpec{4, 8}}) != ComputationKey({AttentionSpec{4, 8, 0, true, 3}}));
  CHECK(ComputationKey({AttentionSpec{4, 8}}) != ComputationKey({AttentionSpec{4, 8, 0, true, 0, 0.1, "a"}}));
  CHECK(ComputationKey({AttentionSpec{4, 8, 0, true, 0, 0.1, "b"}}) ==
        ComputationKey({AttentionSpec{4, 8, 0, true, 0, 0.1, "a"}}));
  CHECK(ComputationKey({RmsNormSpec{"a", 8}}) == ComputationKey({RmsNormSpec{"b", 8}}));
  CHECK(ComputationKey({RmsNormSpec{"a", 8}}) != ComputationKey({RmsNormSpec{"a", 8, 1e-6, 16, 0, 2}}));
  CHECK(ComputationKey({GateSpec{}}) != ComputationKey({GateSpec{ActivationKind::kRelu}}));
  CHECK(ComputationKey({RotarySpec{2, 8}}) != ComputationKey({RotarySpec{2, 4}}));
  CHECK(ComputationKey({CrossEntropySpec{2, 8}}) != ComputationKey({CrossEntropySpec{2, 9}}));
  CHECK(ComputationKey({SequenceSpec{{{linear}}}}) != ComputationKey({ResidualSpec{{{linear}}}}));
  EmbeddingSpec embedding;
  EmbeddingSpec positions;
  positions.position_name = "wpe";
  CHECK(ComputationKey({embedding}) != ComputationKey({positions}));
}

}  // namespace
}  // namespace baton
