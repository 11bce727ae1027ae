// KernelsOf: FLOPs against those of the layers, bytes against arithmetic, fusions, recomputation.
#include "ops/models/kernels.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/layers/primitive_layer.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

constexpr int64_t kSequences = 2, kContext = 256, kWidth = 32, kHeads = 2;

double Flops(const std::vector<Kernel>& kernels) {
  return std::accumulate(kernels.begin(), kernels.end(), 0.0,
                         [](double sum, const Kernel& kernel) { return sum + kernel.flops; });
}

std::vector<std::string> Names(const std::vector<Kernel>& kernels) {
  std::vector<std::string> names;
  for (const Kernel& kernel : kernels) names.push_back(kernel.name);
  return names;
}

LayerKernels Kernels(const LayerSpec& spec, Shape shape) { return KernelsOf(ReferenceBackend(), spec, shape).value(); }

LinearSpec Linear(int64_t inputs, int64_t outputs, bool bias = true) {
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.bias = bias;
  return linear;
}

// A linear layer that stands for a head and its loss, whose backward halves repeat the product of the logits.
class RepeatingLayer final : public PrimitiveLayer {
 public:
  explicit RepeatingLayer(LayerInfo info) : PrimitiveLayer(std::move(info), Footprint{}) {}
  absl::Status Forward(KernelStream, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardInput(KernelStream, const PassBuffers&) override { return absl::OkStatus(); }
  absl::Status BackwardWeight(KernelStream, const PassBuffers&) override { return absl::OkStatus(); }
};

// Has a layer for a head and its loss.
class FusingBackend final : public Backend {
 public:
  explicit FusingBackend(bool repeats = false) : repeats_(repeats) {}
  std::string_view name() const override { return "fusing"; }
  absl::StatusOr<std::unique_ptr<Layer>> Create(const LayerSpec& spec, const Shape& input) const override {
    return reference_.Create(spec, input);
  }
  absl::StatusOr<std::unique_ptr<Layer>> CreateHeadLoss(const LinearSpec& head, const CrossEntropySpec& loss,
                                                        const Shape& input) const override {
    if (!repeats_) return Create({head}, input);
    BATON_ASSIGN_OR_RETURN(LayerInfo info, LinearInfo(head, input));
    info.flops.repeated = info.flops.forward;
    return std::make_unique<RepeatingLayer>(std::move(info));
  }
  absl::Status Add(KernelStream stream, const Shape& shape, const std::byte* a, const std::byte* b,
                   std::byte* sum) const override {
    return reference_.Add(stream, shape, a, b, sum);
  }
  std::unique_ptr<Optimizer> CreateOptimizer(std::vector<OptimizedParameter> parameters) const override {
    return nullptr;
  }

 private:
  const bool repeats_;
  const ReferenceBackend reference_;
};

ModelSpec Gpt() { return Gpt2Model({2, kWidth, kHeads, kContext, 64}, kSequences, kSequences).value(); }

TEST_CASE("the FLOPs of kernels are those of their layers") {
  const ModelSpec model = Gpt();
  Shape shape = model.input_shape, input = shape;
  for (const LayerSpec& spec : model.layers) {
    const auto layer = BuildLayer(ReferenceBackend(), spec, input).value();
    const LayerKernels kernels = KernelsOf(ReferenceBackend(), spec, shape).value();
    CHECK(shape == layer->output_shape());
    CHECK(Flops(kernels.forward) == Approx(layer->flops().forward));
    CHECK(Flops(kernels.backward_input) == Approx(layer->flops().backward_input));
    CHECK(Flops(kernels.backward_weight) == Approx(layer->flops().backward_weight));
    CHECK(kernels.recompute.empty());
    input = shape;
  }
}

TEST_CASE("the products of a linear layer, and the column sums of its bias") {
  const LayerKernels kernels = Kernels({Linear(16, 8)}, Shape(DataType::kFloat32, {4, 5, 16}));
  REQUIRE(Names(kernels.forward) == std::vector<std::string>{"fc"});
  const Kernel& forward = kernels.forward[0];
  CHECK(forward.kind == KernelKind::kProduct);
  CHECK(std::vector<int64_t>{forward.m, forward.n, forward.k} == std::vector<int64_t>{20, 8, 16});
  CHECK(forward.bytes == 4 * (20 * 16 + 16 * 8 + 20 * 8));
  REQUIRE(Names(kernels.backward_weight) == std::vector<std::string>{"fc", "fc bias"});
  const Kernel& weight = kernels.backward_weight[0];
  CHECK(std::vector<int64_t>{weight.m, weight.n, weight.k} == std::vector<int64_t>{8, 16, 20});
  // Adds to gradients of 32 bits: reads and writes them.
  CHECK(weight.tile_bytes == 8);
  CHECK(weight.bytes == 4 * (20 * 8 + 20 * 16) + 8 * 16 * 8);
  CHECK(kernels.backward_weight[1].bytes == 4 * 20 * 8 + 2 * 4 * 8);
  CHECK(kernels.backward_weight[1].launches == 2);
  CHECK(kernels.backward_weight[1].sums_columns);
  CHECK(!forward.sums_columns);
  CHECK(Kernels({Linear(16, 8, /*bias=*/false)}, Shape(DataType::kFloat32, {4, 16})).backward_weight.size() == 1);
}

TEST_CASE("the backward pass of a layer with gradients adds up columns") {
  const Shape shape(DataType::kFloat32, {4, 16});
  const LayerKernels norm = Kernels({LayerNormSpec{"ln", 16}}, shape), activation = Kernels({ActivationSpec{}}, shape);
  CHECK(norm.backward_input[0].sums_columns);
  CHECK(!norm.forward[0].sums_columns);
  CHECK(!activation.backward_input[0].sums_columns);
}

TEST_CASE("a head and its loss that the backend computes as one layer take one pass over the logits") {
  SequenceSpec sequence;
  sequence.layers = {{Linear(16, 64, /*bias=*/false)}, {CrossEntropySpec{64, 8}}};
  const Shape shape(DataType::kFloat32, {2, 4, 16});
  const LayerKernels apart = Kernels({sequence}, shape);
  CHECK(Names(apart.forward) == std::vector<std::string>{"fc", "cross-entropy"});
  CHECK(Names(apart.backward_input) == std::vector<std::string>{"cross-entropy", "fc"});
  Shape input = shape;
  const LayerKernels fused = KernelsOf(FusingBackend(), {sequence}, input).value();
  REQUIRE(Names(fused.forward) == std::vector<std::string>{"fc", "cross-entropy"});
  CHECK(Names(fused.backward_input) == std::vector<std::string>{"fc"});
  CHECK(Names(fused.backward_weight) == std::vector<std::string>{"fc"});
  CHECK(fused.forward[1].bytes == 2 * 8 * 64 * 4);
  CHECK(fused.forward[1].shape.words.at("pass") == "both");
  CHECK(Flops(fused.forward) == Approx(Flops(apart.forward) + apart.backward_input[0].flops));
}

TEST_CASE("a head that computes its logits again has a product more in each half of its backward pass") {
  SequenceSpec sequence;
  sequence.layers = {{Linear(16, 64, /*bias=*/false)}, {CrossEntropySpec{64, 8}}};
  const Shape shape(DataType::kFloat32, {2, 4, 16});
  Shape input = shape;
  const LayerKernels kernels = KernelsOf(FusingBackend(/*repeats=*/true), {sequence}, input).value();
  CHECK(Names(kernels.backward_input) == std::vector<std::string>{"fc", "fc"});
  CHECK(Names(kernels.backward_weight) == std::vector<std::string>{"fc", "fc"});
  REQUIRE(Names(kernels.repeated) == std::vector<std::string>{"fc"});
  CHECK(kernels.repeated[0].flops == kernels.forward[0].flops);
  input = shape;
  CHECK(KernelsOf(FusingBackend(), {sequence}, input).value().repeated.empty());
}

TEST_CASE("a residual's addition is part of the linear layer that ends it, else a pass of its own") {
  const Shape shape(DataType::kFloat32, {4, 16});
  const Bytes tensor = shape.NumBytes();
  const Bytes alone = Kernels({Linear(16, 16)}, shape).forward[0].bytes;
  ResidualSpec residual;
  residual.layers = {{Linear(16, 16)}};
  CHECK(Kernels({residual}, shape).forward.size() == 1);
  CHECK(Kernels({residual}, shape).forward[0].bytes == alone + tensor);
  residual.layers.push_back({ActivationSpec{}});
  const LayerKernels kernels = Kernels({residual}, shape);
  REQUIRE(Names(kernels.forward) == std::vector<std::string>{"fc", "activation", "residual"});
  CHECK(kernels.forward[2].bytes == 3 * tensor);
  CHECK(Names(kernels.backward_input) == std::vector<std::string>{"activation", "fc", "residual"});
}

TEST_CASE("attention computes whole tiles of scores, and only those within the window") {
  AttentionSpec spec{kHeads, kWidth};
  const Shape shape(DataType::kFloat32, {kSequences, kContext, 3 * kWidth});
  const double all = kSequences * kHeads * kContext * kContext;
  const auto scores = [&] { return Kernels({spec}, shape).forward[0].scores; };
  CHECK(scores() == all * (kContext + 128) / (2 * kContext));
  spec.window = 16;
  CHECK(scores() == all * (16 + 128) / kContext);
  spec.causal = false;
  spec.window = 0;
  CHECK(scores() == all);
  const LayerKernels kernels = Kernels({spec}, shape);
  const Bytes queries = kSequences * kContext * kWidth * 4;
  CHECK(kernels.forward[0].tiled_flops == 4.0 * kWidth / kHeads * all);
  CHECK(kernels.forward[0].overlaps_softmax);
  // Queries, keys and values and their gradients, the output and its gradient twice, the row sums, the scores'
  // gradients twice.
  CHECK(kernels.backward_input[0].bytes == 2 * 3 * queries + 5 * queries + 8 * all);
  CHECK_FALSE(kernels.backward_input[0].overlaps_softmax);
}

TEST_CASE("kernels have a function and a shape, by which measured ones are found") {
  const LayerKernels linear = Kernels({Linear(16, 8)}, Shape(DataType::kFloat32, {4, 5, 16}));
  CHECK(linear.forward[0].function == "product");
  CHECK(ToText(linear.forward[0].shape) == "k=16 m=20 n=8 a=f32 b=f32 c=f32 epilogue=bias");
  CHECK(ToText(linear.backward_weight[0].shape) == "adds=1 k=20 m=8 n=16 a=f32 b=f32 c=f32 epilogue=none");
  CHECK(linear.backward_weight[1].function == "bias_gradient");
  CHECK(ToText(linear.backward_weight[1].shape) == "columns=8 rows=20 pass=sum type=f32");
  const Shape shape(DataType::kFloat32, {kSequences, kContext, 3 * kWidth});
  const LayerKernels attention = Kernels({AttentionSpec{kHeads, kWidth}}, shape);
  CHECK(attention.forward[0].function == "attention");
  CHECK(ToText(attention.backward_input[0].shape) ==
        "causal=1 context=256 heads=2 sequences=2 width=16 window=0 pass=backward type=f32");
  LayerNormSpec spec;
  spec.name = "ln";
  spec.width = 16;
  const LayerKernels norm = Kernels({spec}, Shape(DataType::kFloat32, {4, 16}));
  CHECK(norm.forward[0].name == "ln");
  CHECK(norm.forward[0].function == "layer_norm");
  CHECK(ToText(norm.forward[0].shape) == "columns=16 rows=4 pass=forward type=f32");
  CHECK(ToText(norm.backward_input[0].shape) == "columns=16 rows=4 pass=backward type=f32");
}

TEST_CASE("a table of tokens is not read as a whole") {
  EmbeddingSpec spec;
  spec.token_name = "wte";
  spec.vocabulary = 1 << 20;
  spec.context = 8;
  spec.width = 4;
  const LayerKernels kernels = Kernels({spec}, Shape(DataType::kInt32, {2, 8}));
  REQUIRE(kernels.forward.size() == 1);
  CHECK(kernels.forward[0].bytes == 2 * 2 * 8 * 4 * 4);
  CHECK(kernels.backward_input.empty());
}

TEST_CASE("recomputation repeats forwards") {
  LayerSpec block = Gpt().layers[1];
  const Shape shape(DataType::kFloat32, {kSequences, kContext, kWidth});
  block.recompute = RecomputeMode::kFull;
  CHECK(Names(Kernels(block, shape).recompute) == Names(Kernels(block, shape).forward));
  block.recompute = RecomputeMode::kAttention;
  CHECK(Names(Kernels(block, shape).recompute) == std::vector<std::string>{"attention"});
}

TEST_CASE("a convolution is a product over its kernel's pixels") {
  ConvolutionSpec spec;
  spec.name = "conv";
  spec.inputs = 3;
  spec.outputs = 8;
  spec.kernel = 3;
  spec.padding = 1;
  const Kernel forward = Kernels({spec}, Shape(DataType::kFloat32, {2, 3, 10, 10})).forward[0];
  CHECK(std::vector<int64_t>{forward.m, forward.n, forward.k} == std::vector<int64_t>{200, 8, 27});
}

}  // namespace
}  // namespace baton
