// The parts of the CUDA backend that need no device: footprints, shapes, errors. The conformance suite tests what its
// layers compute.
#include "ops/cuda/cuda_backend.h"

#include <catch2/catch.hpp>

#include "ops/layers/build.h"

namespace baton {
namespace {

CudaBackend Make(CudaPrecision precision) {
  CudaBackendOptions options;
  options.precision = precision;
  return CudaBackend(options);
}

LinearSpec Linear(const std::string& name, int64_t inputs, int64_t outputs) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = inputs;
  linear.outputs = outputs;
  return linear;
}

const Shape kTokens(DataType::kBFloat16, {16, 1024, 768});

}  // namespace

TEST_CASE("layers are made without a device, and their scratch includes the libraries' workspaces") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  CHECK(backend.precision() == DataType::kBFloat16);
  const auto linear = backend.Create({Linear("fc", 768, 3072)}, kTokens).value();
  CHECK(linear->footprint().scratch == (32 << 20) + 256);
  CHECK(linear->output_shape() == Shape(DataType::kBFloat16, {16, 1024, 3072}));
  for (const ParameterSpec& parameter : linear->parameters()) CHECK(parameter.shape.type() == DataType::kFloat32);

  const Shape attended(DataType::kBFloat16, {16, 1024, 3 * 768});
  const auto attention = backend.Create({AttentionSpec{12, 768}}, attended).value();
  const Bytes output_bytes = 16 * 1024 * 768 * 2;
  const Bytes log_sum_bytes = 16 * 12 * 1024 * 4;
  CHECK(attention->footprint().saved == output_bytes + log_sum_bytes);
  // At least the products of output and gradient; at most cuDNN's limit for a group and what it needs besides.
  CHECK(attention->footprint().scratch >= log_sum_bytes);
  CHECK(attention->footprint().scratch <= Bytes{700} << 20);
}

TEST_CASE("attention saves its output only where the next layer does not keep it") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const Shape attended(DataType::kBFloat16, {16, 1024, 3 * 768});
  const Bytes output_bytes = 16 * 1024 * 768 * 2;
  const Bytes log_sum_bytes = 16 * 12 * 1024 * 4;
  const auto saved = [&](LayerSpec next) {
    const SequenceSpec both{{{AttentionSpec{12, 768}}, std::move(next)}};
    const Footprint footprint = BuildLayer(backend, {both}, attended).value()->footprint();
    return footprint.saved + footprint.saved_weight + footprint.recomputed + footprint.recomputed_weight;
  };
  CHECK(saved({Linear("proj", 768, 768)}) == output_bytes + log_sum_bytes);  // the projection's input
  CHECK(saved({ActivationSpec{}}) == output_bytes + log_sum_bytes);          // the activation's input
  CHECK(saved({DropoutSpec{"d", 0.1}}) == output_bytes + log_sum_bytes);     // dropout does not read its input again
}

TEST_CASE("cuDNN's workspace does not grow beyond that of one group of sequences") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const auto scratch = [&](int64_t sequences) {
    const Shape input(DataType::kBFloat16, {sequences, 1024, 3 * 768});
    return backend.Create({AttentionSpec{12, 768}}, input).value()->footprint().scratch;
  };
  CHECK(scratch(64) <= Bytes{700} << 20);
  CHECK(scratch(1) <= scratch(16));
}

TEST_CASE("feed-forward layers are fused where cuBLASLt can fuse them") {
  const auto is_one = [](const CudaBackend& backend, ActivationKind activation, int64_t hidden) {
    const Shape input(backend.precision(), {32, 64});
    const auto layer =
        backend.CreateFeedForward(Linear("up", 64, hidden), activation, Linear("down", hidden, 64), input).value();
    if (layer == nullptr) return false;
    CHECK(layer->parameters().size() == 4);
    CHECK(layer->output_shape() == input);
    return true;
  };
  const CudaBackend bfloat16 = Make(CudaPrecision::kBFloat16);
  CHECK(is_one(bfloat16, ActivationKind::kGeluTanh, 256));
  CHECK_FALSE(is_one(bfloat16, ActivationKind::kGelu, 256));
  CHECK_FALSE(is_one(bfloat16, ActivationKind::kGeluTanh, 20));
  CHECK_FALSE(is_one(Make(CudaPrecision::kFloat32), ActivationKind::kGeluTanh, 256));
  CudaBackendOptions options;
  options.precision = CudaPrecision::kBFloat16;
  options.fuse_gelu = false;
  CHECK_FALSE(is_one(CudaBackend(options), ActivationKind::kGeluTanh, 256));
}

TEST_CASE("layers are fused only inside a residual, where no split cuts") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const std::vector<LayerSpec> specs = {
      {Linear("up", 64, 256)}, {ActivationSpec{ActivationKind::kGeluTanh}}, {Linear("down", 256, 64)}};
  const Shape input(backend.precision(), {32, 64});
  CHECK(BuildLayers(backend, specs, input).value().size() == 3);
  const auto scratch = [&](LayerSpec spec) { return BuildLayer(backend, spec, input).value()->footprint().scratch; };
  CHECK(scratch({ResidualSpec{specs}}) < scratch({SequenceSpec{specs}}));
}

TEST_CASE("a fused feed-forward layer has the FLOPs and saved bytes of the three layers") {
  CudaBackendOptions options;
  options.precision = CudaPrecision::kBFloat16;
  const ResidualSpec spec = {
      {{Linear("up", 768, 3072)}, {ActivationSpec{ActivationKind::kGeluTanh}}, {Linear("down", 3072, 768)}}};
  const auto fused = BuildLayer(CudaBackend(options), {spec}, kTokens).value();
  options.fuse_gelu = false;
  const auto separate = BuildLayer(CudaBackend(options), {spec}, kTokens).value();
  CHECK(fused->flops().forward == separate->flops().forward);
  CHECK(fused->flops().backward_input == separate->flops().backward_input);
  CHECK(fused->flops().backward_weight == separate->flops().backward_weight);
  CHECK(fused->footprint().saved == separate->footprint().saved);
  CHECK(fused->footprint().saved_weight == separate->footprint().saved_weight);
  CHECK(fused->footprint().stash == separate->footprint().stash);
  CHECK(fused->footprint().scratch < separate->footprint().scratch);
  REQUIRE(fused->parameters().size() == separate->parameters().size());
  for (size_t i = 0; i < fused->parameters().size(); ++i) {
    CHECK(fused->parameters()[i].name == separate->parameters()[i].name);
  }
}

TEST_CASE("a head with its loss holds the logits, or their gradients, once") {
  LinearSpec head = Linear("head", 768, 50304);
  head.bias = false;
  const std::vector<LayerSpec> specs = {{head}, {CrossEntropySpec{50304, 16 * 1024}}};
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const auto fused = BuildLayer(backend, {SequenceSpec{specs}}, kTokens).value();
  const auto separate = BuildLayers(backend, specs, kTokens).value();
  REQUIRE(separate.size() == 2);
  const Footprint footprint = fused->footprint();
  CHECK(footprint.saved_weight == Bytes{16} * 1024 * 50304 * 2);
  CHECK(footprint.saved + footprint.stash == 0);
  CHECK(footprint.scratch == separate[0]->footprint().scratch);
  CHECK(fused->flops().forward == separate[0]->flops().forward + separate[1]->flops().forward);
  CHECK(fused->flops().backward_input == separate[0]->flops().backward_input + separate[1]->flops().backward_input);
  CHECK(fused->flops().backward_weight == separate[0]->flops().backward_weight);
}

TEST_CASE("layers of Llama, BERT and ViT state what they save and need, to the byte") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const auto footprint = [&](const LayerSpec& spec, const Shape& input) {
    return backend.Create(spec, input).value()->footprint();
  };
  const auto nothing = [](const Footprint& of) {
    return of.saved + of.saved_weight + of.stash + of.scratch + of.recomputed + of.recomputed_weight == 0;
  };
  const Shape rows(DataType::kBFloat16, {4, 512, 1024});
  RmsNormSpec norm;
  norm.name = "norm";
  norm.width = 1024;
  const Footprint of_norm = footprint({norm}, rows);
  CHECK(of_norm.saved == 4 * 512 * 4);                       // 1 / rms of each row
  CHECK(of_norm.stash == 1024 * 4);                          // the gradient of the weight
  CHECK(of_norm.scratch == Bytes{4 * 512 / 16} * 1024 * 4);  // and its parts, for 16 rows each
  norm.width = 64;
  norm.row = 1024;
  norm.runs = 16;
  CHECK(footprint({norm}, rows).saved == 4 * 512 * 16 * 4);
  const AttentionSpec shared{16, 768, 4, /*causal=*/true, /*window=*/128};
  const Footprint of_attention = footprint({shared}, Shape(DataType::kBFloat16, {4, 512, 768 + 2 * 192}));
  CHECK(of_attention.saved == 4 * 512 * 768 * 2 + 4 * 16 * 512 * 4);  // the output, and a number a query and head
  CHECK(of_attention.scratch == 4 * 16 * 512 * 4);                    // Baton's own kernels
  EmbeddingSpec embedding;
  embedding.token_name = "tokens";
  embedding.segment_name = "segments";
  embedding.vocabulary = 100;
  embedding.segments = 2;
  embedding.width = 64;
  CHECK(footprint({embedding}, Shape(DataType::kInt32, {4, 512})).scratch == Bytes{4 * 512 / 32} * 2 * 64 * 4);
  CHECK(nothing(footprint({GateSpec{}}, rows)));
  CHECK(nothing(footprint({RotarySpec{16, 64, {}}}, rows)));
  CHECK(nothing(footprint({DropoutSpec{"d", 0.1}}, rows)));
  CHECK(nothing(footprint({PositionsSpec{"p", true}}, rows)));
  CHECK(nothing(footprint({FirstRowSpec{}}, rows)));
  CHECK(nothing(footprint({PatchesSpec{16}}, Shape(DataType::kBFloat16, {4, 3, 64, 64}))));
}

TEST_CASE("errors name the input that the kernels do not take") {
  const CudaBackend backend = Make(CudaPrecision::kBFloat16);
  const auto message = [](const absl::Status& status) {
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK_THAT(message(backend.Create({Linear("fc", 4, 8)}, Shape(DataType::kFloat32, {2, 4})).status()),
             Catch::Contains("[2, 4] f32 is not bf16"));
  CHECK_THAT(
      message(backend.Create({AttentionSpec{1, 257}}, Shape(DataType::kBFloat16, {2, 3, 771})).status()),
      Catch::Contains("attention.heads: 1 heads of width 257 are 257 wide each, above the CUDA backend's limit, 256"));
  LayerNormSpec norm;
  norm.name = "ln";
  norm.width = 16385;
  CHECK_THAT(message(backend.Create({norm}, Shape(DataType::kBFloat16, {2, 16385})).status()),
             Catch::Contains("layer_norm.width: 16385 is above the CUDA backend's limit, 16384"));
  RmsNormSpec rms_norm;
  rms_norm.name = "norm";
  rms_norm.width = 16385;
  CHECK_THAT(message(backend.Create({rms_norm}, Shape(DataType::kBFloat16, {2, 16385})).status()),
             Catch::Contains("rms_norm.width: 16385 is above the CUDA backend's limit, 16384"));
  CHECK_THAT(message(backend.Create({RotarySpec{1, 258, {}}}, Shape(DataType::kBFloat16, {2, 3, 258})).status()),
             Catch::Contains("rotary.width: 258 is above the CUDA backend's limit, 256"));
}

}  // namespace baton
