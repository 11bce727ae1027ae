// DescribeLayer: the costs of single layers, and the sum over any range of layers against the footprint of its
// Sequence.
#include "ops/models/costs.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "ops/host/host_backend.h"
#include "ops/layers/build.h"
#include "ops/layers/sequence.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/mlp/mlp.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

// The footprint of a chunk with layers [begin, end), added up as a plan does.
Footprint SumOfCosts(const std::vector<LayerCosts>& layers, int64_t begin, int64_t end) {
  Footprint sum;
  Bytes largest_scratch = 0;
  for (int64_t i = begin; i < end; ++i) {
    const LayerCosts& layer = layers[i];
    sum.saved += layer.saved_bytes;
    sum.saved_weight += layer.saved_weight_bytes;
    sum.stash += layer.stash_bytes;
    largest_scratch = std::max(largest_scratch, layer.scratch_bytes);
    sum.recomputed += layer.recomputed_bytes;
    sum.recomputed_weight += layer.recomputed_weight_bytes;
    if (i > begin) {
      const bool again = layers[i - 1].recomputes_output;
      (again ? sum.recomputed : sum.saved) += layer.keep_input_saved_bytes;
      (again ? sum.recomputed_weight : sum.saved_weight) += layer.keep_input_saved_weight_bytes;
      sum.scratch += layer.keep_input_scratch_bytes;
    }
    if (i + 1 < end) {
      sum.stash += layer.keep_gradient_stash_bytes;
      sum.scratch += layer.keep_gradient_scratch_bytes;
    }
  }
  sum.scratch += largest_scratch;
  return sum;
}

// The scratch of its Backward, as a plan adds it up.
Bytes BackwardScratchOf(const std::vector<LayerCosts>& layers, int64_t begin, int64_t end) {
  Bytes inputs = 0, scratch = 0, gradient = 0, stash = 0;
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) inputs += layers[i].keep_input_scratch_bytes;
    scratch = std::max(scratch, layers[i].scratch_bytes);
    stash = std::max(stash, layers[i].stash_bytes);
    if (i + 1 < end) gradient = std::max(gradient, layers[i].output_bytes);
  }
  return inputs + scratch + std::min<int64_t>(end - begin - 1, 2) * gradient + stash;
}

std::vector<LayerCosts> CostsOf(const Backend& backend, const ModelSpec& model) {
  std::vector<LayerCosts> costs;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  for (const auto& layer : layers) {
    costs.push_back(DescribeLayer(model.layer_names[costs.size()], *layer));
  }
  return costs;
}

void CheckAdditive(const Backend& backend, const ModelSpec& model) {
  const std::vector<LayerCosts> costs = CostsOf(backend, model);
  const int64_t count = static_cast<int64_t>(costs.size());
  REQUIRE(count == static_cast<int64_t>(model.layers.size()));
  for (int64_t begin = 0; begin < count; ++begin) {
    for (int64_t end = begin + 1; end <= count; ++end) {
      CAPTURE(backend.name(), begin, end);
      auto layers = BuildLayers(backend, {model.layers.begin(), model.layers.begin() + end}, model.input_shape).value();
      layers.erase(layers.begin(), layers.begin() + begin);
      const auto sequence = Sequence::Create(std::move(layers)).value();
      const Footprint actual = sequence->footprint();
      CHECK(sequence->backward_scratch() == BackwardScratchOf(costs, begin, end));
      const Footprint expected = SumOfCosts(costs, begin, end);
      CHECK(actual.saved == expected.saved);
      CHECK(actual.saved_weight == expected.saved_weight);
      CHECK(actual.stash == expected.stash);
      CHECK(actual.scratch == expected.scratch);
      CHECK(actual.recomputed == expected.recomputed);
      CHECK(actual.recomputed_weight == expected.recomputed_weight);
    }
  }
}

}  // namespace

TEST_CASE("the costs of a linear layer") {
  LinearSpec spec;
  spec.name = "fc";
  spec.inputs = 10;
  spec.outputs = 20;
  const auto layer = ReferenceBackend().Create({spec}, Shape(DataType::kFloat32, {3, 10})).value();
  const LayerCosts costs = DescribeLayer("first", *layer);
  CHECK(costs.name == "first");
  CHECK(costs.forward_ns == 0);
  CHECK(costs.forward_flops == 2 * 3 * 10 * 20);
  CHECK(costs.backward_flops == 4 * 3 * 10 * 20);
  CHECK(costs.parameter_bytes == 832 + 128);  // 800 and 80, aligned
  CHECK(costs.optimizer_bytes == 2 * costs.parameter_bytes);
  CHECK(costs.output_bytes == 256);  // 240
  CHECK(costs.keep_input_saved_weight_bytes == 128);
  CHECK(costs.keep_input_saved_bytes == 0);
  CHECK(costs.keep_input_scratch_bytes == 0);
  CHECK(costs.keep_gradient_stash_bytes == 256);
  CHECK(costs.keep_gradient_scratch_bytes == 0);
}

TEST_CASE("the costs of an activation and of a loss") {
  const ReferenceBackend backend;
  const Shape input(DataType::kFloat32, {5, 7});
  const LayerCosts relu =
      DescribeLayer("relu", *backend.Create({ActivationSpec{ActivationKind::kRelu}}, input).value());
  CHECK(relu.parameter_bytes == 0);
  CHECK(relu.keep_input_saved_bytes == 192);
  CHECK(relu.keep_gradient_scratch_bytes == 192);
  const LayerCosts loss = DescribeLayer("loss", *backend.Create({CrossEntropySpec{7, 5}}, input).value());
  CHECK(loss.output_bytes == 0);
  CHECK(loss.saved_bytes == 64);
  CHECK(loss.keep_input_saved_bytes == 192);
}

TEST_CASE("each use of a tied parameter counts, also within one layer") {
  // One block: the only layer has both the embedding and the head, which is tied to it.
  const ModelSpec model = Gpt2Model({1, 16, 1, 4, 32}, 1, 1).value();
  const LayerCosts costs = CostsOf(ReferenceBackend(), model)[0];
  const Bytes norm = 2 * 64;
  const Bytes linears = 4 * (16 * 48 + 48 + 16 * 16 + 16 + 16 * 64 + 64 + 64 * 16 + 16);
  CHECK(costs.parameter_bytes == 2 * 4 * 32 * 16 + 4 * 4 * 16 + 3 * norm + linears);
}

TEST_CASE("a block that recomputes attention or everything saves fewer bytes") {
  ModelSpec model = Gpt2Model({3, 16, 2, 32, 32}, 2, 2).value();
  const LayerCosts kept = CostsOf(HostBackend(), model)[1];
  model.layers[1].recompute = RecomputeMode::kAttention;
  const LayerCosts attention = CostsOf(HostBackend(), model)[1];
  model.layers[1].recompute = RecomputeMode::kFull;
  const LayerCosts full = CostsOf(HostBackend(), model)[1];
  CHECK(kept.recomputed_bytes + kept.recomputed_weight_bytes == 0);
  // The probabilities, and attention's output, which its projection reads.
  CHECK(attention.recomputed_weight_bytes == 2 * 32 * 16 * 4);
  CHECK(attention.saved_bytes + attention.recomputed_bytes == kept.saved_bytes);
  CHECK(attention.saved_weight_bytes + attention.recomputed_weight_bytes == kept.saved_weight_bytes);
  CHECK(attention.recomputed_bytes > 0);
  CHECK_FALSE(attention.recomputes_output);
  CHECK(full.saved_bytes + full.saved_weight_bytes == 0);
  CHECK(full.recomputed_bytes == kept.saved_bytes);
  CHECK(full.recomputed_weight_bytes == kept.saved_weight_bytes);
  CHECK(full.recomputes_output);
}

TEST_CASE("the footprint of a sequence is the sum of its layers' costs") {
  const ModelSpec gpt2 = Gpt2Model({4, 24, 3, 20, 17}, 3, 6).value();
  MlpOptions options;
  options.sizes = {30, 20, 11, 7, 5};
  const ModelSpec mlp = MlpModel(options, 3, 6).value();
  std::vector<ModelSpec> models = {gpt2, mlp};
  const RecomputeMode modes[] = {RecomputeMode::kFull, RecomputeMode::kFull, RecomputeMode::kAttention,
                                 RecomputeMode::kNone, RecomputeMode::kFull};
  for (size_t shift = 0; shift < 5; ++shift) {
    for (const ModelSpec& model : {gpt2, mlp}) {
      models.push_back(model);
      for (size_t i = 0; i < model.layers.size(); ++i) models.back().layers[i].recompute = modes[(i + shift) % 5];
    }
  }
  for (const ModelSpec& model : models) {
    CheckAdditive(ReferenceBackend(), model);
    CheckAdditive(HostBackend(), model);
  }
}

TEST_CASE("a forward touches the scratch of inputs and of the largest layer only") {
  MlpOptions options;
  options.sizes = {30, 20, 11, 7, 5};
  const ReferenceBackend reference;
  const HostBackend host;
  const Backend* backends[] = {&reference, &host};
  for (const Backend* backend : backends) {
    for (const ModelSpec& model : {Gpt2Model({4, 24, 3, 20, 17}, 3, 6).value(), MlpModel(options, 3, 6).value()}) {
      CAPTURE(backend->name(), model.name);
      Bytes forward_scratch = 0, largest = 0;
      const std::vector<LayerCosts> costs = CostsOf(*backend, model);
      for (size_t i = 0; i < costs.size(); ++i) {
        if (i > 0) forward_scratch += costs[i].keep_input_scratch_bytes;
        largest = std::max(largest, costs[i].scratch_bytes);
      }
      forward_scratch += largest;
      const auto sequence = Sequence::Create(BuildLayers(*backend, model.layers, model.input_shape).value()).value();
      const Footprint footprint = sequence->footprint();

      std::vector<std::unique_ptr<std::byte, decltype(&std::free)>> regions;
      const auto allocate = [&](Bytes bytes, int fill) {
        const Bytes aligned = AlignUp(std::max<Bytes>(1, bytes));
        regions.emplace_back(static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, aligned)), &std::free);
        std::memset(regions.back().get(), fill, aligned);
        return regions.back().get();
      };
      std::vector<std::byte*> values, gradients;
      for (const ParameterSpec& parameter : sequence->parameters()) {
        values.push_back(allocate(parameter.shape.NumBytes(), 0));
        gradients.push_back(allocate(parameter.shape.NumBytes(), 0));
      }
      sequence->BindParameters(values, gradients);
      double loss = 0;
      PassBuffers buffers;
      buffers.input = allocate(model.input_shape.NumBytes(), 0);
      buffers.targets = allocate(model.targets_shape.NumBytes(), 0);
      buffers.saved = allocate(footprint.saved, 0);
      buffers.saved_weight = allocate(footprint.saved_weight, 0);
      buffers.recomputed = allocate(footprint.recomputed, 0);
      buffers.recomputed_weight = allocate(footprint.recomputed_weight, 0);
      buffers.scratch = allocate(footprint.scratch, 0x5a);
      buffers.loss = &loss;
      REQUIRE(sequence->Forward({}, buffers).ok());
      CHECK(loss > 0);
      CHECK(std::all_of(buffers.scratch + forward_scratch, buffers.scratch + footprint.scratch,
                        [](std::byte byte) { return byte == std::byte{0x5a}; }));
      if (model.name == "mlp") CHECK(forward_scratch < footprint.scratch);
    }
  }
}

}  // namespace baton
