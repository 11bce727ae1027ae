// Every backend's refusals of shapes and fields that do not fit.
#include <catch2/catch.hpp>
#include <string>

#include "ops/layers/build.h"
#include "tests/conformance/backends.h"

namespace baton {

TEST_CASE("errors name the shape that does not fit") {
  std::vector<BackendUnderTest> backends = BackendsUnderTest();
  backends.push_back(ReferenceUnderTest());
  const auto under_test = GENERATE_COPY(from_range(backends));
  const DataType f32 = DataType::kFloat32;
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = 4;
  linear.outputs = 3;
  LinearSpec no_outputs = linear;
  no_outputs.outputs = 0;
  EmbeddingSpec embedding;
  embedding.token_name = "wte";
  embedding.position_name = "wpe";
  embedding.vocabulary = 5;
  embedding.context = 4;
  embedding.width = 2;
  LayerNormSpec norm;
  norm.name = "ln";
  norm.width = 4;
  LayerNormSpec bad_epsilon = norm;
  bad_epsilon.epsilon = 0;
  constexpr int64_t kHuge = int64_t{1} << 20;
  LinearSpec huge = linear;
  huge.inputs = kHuge;
  huge.outputs = kHuge;
  EmbeddingSpec huge_embedding = embedding;
  huge_embedding.context = kHuge;
  huge_embedding.width = kHuge;
  const struct {
    LayerSpec spec;
    Shape input;
    const char* message;
  } cases[] = {
      {{linear}, Shape(f32, {2, 5}), "inputs: 4"},
      {{linear}, Shape(DataType::kInt32, {2, 4}), "not floating-point"},
      {{linear}, Shape(f32, {0, 4}), "no elements"},
      {{linear}, Shape(), "no elements"},
      {{no_outputs}, Shape(f32, {2, 4}), "linear.outputs: 0"},
      {{embedding}, Shape(f32, {2, 4}), "i32"},
      {{embedding}, Shape(DataType::kInt32, {2, 5}), "embedding.context: 4"},
      {{norm}, Shape(f32, {2, 3}), "width: 4"},
      {{bad_epsilon}, Shape(f32, {2, 4}), "epsilon: 0"},
      {{AttentionSpec{3, 4}}, Shape(f32, {2, 3, 12}), "heads: 3 does not divide width: 4"},
      {{AttentionSpec{2, 4}}, Shape(f32, {6, 12, 4}), "2 * key width = 12"},
      {{AttentionSpec{4, 8, 3}}, Shape(f32, {2, 3, 20}), "key_value_heads: 3 does not divide heads: 4"},
      {{AttentionSpec{4, 8, -4}}, Shape(f32, {2, 3, 24}), "key_value_heads: -4"},
      {{AttentionSpec{4, 8, 2}}, Shape(f32, {2, 3, 24}), "2 * key width = 16"},
      {{AttentionSpec{4, 8, 0, true, 0, 1, "a"}}, Shape(f32, {2, 3, 24}), "dropout: 1 must be at least 0 and below 1"},
      {{AttentionSpec{4, 8, 0, true, -1}}, Shape(f32, {2, 3, 24}), "window: -1 is negative"},
      {{AttentionSpec{4, 8, 0, false, 2}}, Shape(f32, {2, 3, 24}), "window: 2 is given, but attention is not causal"},
      {{GateSpec{}}, Shape(f32, {2, 5}), "not even"},
      {{RotarySpec{2, 3, {}}}, Shape(f32, {2, 3, 6}), "rotary.width: 3 is not even"},
      {{RotarySpec{0, 4, {}}}, Shape(f32, {2, 3, 8}), "rotary.heads: 0"},
      {{RotarySpec{3, 4, {}}}, Shape(f32, {2, 3, 8}), "at least heads * width = 3 * 4"},
      {{RotarySpec{2, 4, {0.5}}}, Shape(f32, {2, 3, 8}), "base 0.5"},
      {{RotarySpec{2, 4, {10000, 8, 4, 1}}}, Shape(f32, {2, 3, 8}), "0 < low_frequency < high_frequency"},
      {{DropoutSpec{"d", 1}}, Shape(f32, {2, 8}), "dropout.probability: 1 must be at least 0 and below 1"},
      {{DropoutSpec{"d", -0.5}}, Shape(f32, {2, 8}), "dropout.probability: -0.5"},
      {{ConvolutionSpec{"c", 3, 4, 3}}, Shape(f32, {2, 8}), "is not [examples, channels, height, width]"},
      {{ConvolutionSpec{"c", 3, 4, 3}}, Shape(f32, {2, 2, 8, 8}), "inputs: 3 is not the number of channels"},
      {{ConvolutionSpec{"c", 2, 0, 3}}, Shape(f32, {2, 2, 8, 8}), "convolution.outputs: 0"},
      {{ConvolutionSpec{"c", 2, 4, 3, 0}}, Shape(f32, {2, 2, 8, 8}), "stride: 0"},
      {{ConvolutionSpec{"c", 2, 4, 3, 1, 3}}, Shape(f32, {2, 2, 8, 8}), "padding: 3 is not in [0, 2]"},
      {{ConvolutionSpec{"c", 2, 4, 9}}, Shape(f32, {2, 2, 8, 8}), "kernel: 9 is larger than the input"},
      {{ConvolutionSpec{"c", 1, 1 << 30, 1 << 10}},
       Shape(f32, {1, 1, 1 << 10, 1 << 10}),
       "c.weight: 1073741824 x 1 x 1024 x 1024"},
      {{GroupNormSpec{"n", 6, 4}}, Shape(f32, {2, 6, 2, 2}), "groups: 4 does not divide channels: 6"},
      {{GroupNormSpec{"n", 6, 2, 0}}, Shape(f32, {2, 6, 2, 2}), "group_norm.epsilon: 0"},
      {{BatchNormSpec{"n", 5}}, Shape(f32, {2, 6, 2, 2}), "channels: 5 is not the number of channels"},
      {{PoolSpec{PoolKind::kMax, 3, 1, 2}}, Shape(f32, {2, 6, 4, 4}), "padding: 2 is not in [0, 1]"},
      {{PatchesSpec{3}}, Shape(f32, {2, 6, 6, 4}), "edge: 3 does not divide"},
      {{PositionsSpec{"p"}}, Shape(f32, {2, 6}), "is not [sequences, rows, width]"},
      {{FirstRowSpec{}}, Shape(f32, {2, 6}), "is not [sequences, rows, width]"},
      {{ColumnsSpec{2, 7}}, Shape(f32, {2, 6}), "columns: [2, 7) are not within the last extent of [2, 6] "},
      {{GlobalAverageSpec{}}, Shape(f32, {2, 6}), "is not [examples, channels, height, width]"},
      {{RmsNormSpec{"n", 0}}, Shape(f32, {2, 8}), "rms_norm.width: 0"},
      {{RmsNormSpec{"n", 8, 0}}, Shape(f32, {2, 8}), "rms_norm.epsilon: 0"},
      {{RmsNormSpec{"n", 4, 1e-6, 8, 1, 2}}, Shape(f32, {2, 8}), "2 runs of 4 from feature 1 on"},
      {{RmsNormSpec{"n", 4, 1e-6, 9}}, Shape(f32, {2, 8}), "9 is not the last extent"},
      {{AttentionSpec{0, 4}}, Shape(f32, {2, 3, 12}), "heads: 0"},
      {{CrossEntropySpec{3, 2}}, Shape(f32, {2, 4}), "classes: 3"},
      {{CrossEntropySpec{4, 0}}, Shape(f32, {2, 4}), "loss_rows: 0"},
      {{CrossEntropySpec{4, 2, -1}}, Shape(f32, {2, 4}), "z_loss: -1 is negative"},
      {{huge}, Shape(f32, {kHuge, kHuge, kHuge, kHuge}), "more than one tensor may have"},
      {{huge}, Shape(f32, {1, kHuge}), "fc.weight: 1048576 x 1048576 elements are more"},
      {{huge_embedding}, Shape(DataType::kInt32, {1, kHuge}), "embedding output: 1 x 1048576 x 1048576"},
      {{AttentionSpec{1, 1}}, Shape(f32, {1, kHuge, 3}), "attention probabilities"},
      {{SequenceSpec{}}, Shape(f32, {2, 4}), "at least one"},
      {{ResidualSpec{{{linear}}}}, Shape(f32, {2, 4}), "cannot be added"},
      {{SequenceSpec{{{CrossEntropySpec{4, 2}}, {norm}}}}, Shape(f32, {2, 4}), "only be the last"},
  };
  for (const auto& bad : cases) {
    Shape input = bad.input;
    if (input.type() == f32) input = Shape(under_test.backend->precision(), input.extents());
    const absl::Status status = BuildLayer(*under_test.backend, bad.spec, input).status();
    CAPTURE(under_test, status.ToString());
    if (under_test.refusals.count(std::string(status.message())) > 0) continue;
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(status.message()), Catch::Contains(bad.message));
  }
}

}  // namespace baton
