// TimeByRates: single layers against arithmetic, recomputation and whole models.
#include "ops/models/rates.h"

#include <catch2/catch.hpp>

#include "ops/layers/build.h"
#include "ops/models/costs.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

std::vector<LayerCosts> Timed(const ModelSpec& model, const DeviceRates& rates) {
  const ReferenceBackend backend;
  std::vector<LayerCosts> costs;
  const auto layers = BuildLayers(backend, model.layers, model.input_shape).value();
  for (const auto& layer : layers) costs.push_back(DescribeLayer("layer", *layer));
  REQUIRE(TimeByRates(backend, model, rates, costs).ok());
  return costs;
}

ModelSpec OneLinear() {
  LinearSpec linear;
  linear.name = "fc";
  linear.inputs = 64;
  linear.outputs = 32;
  linear.bias = false;
  ModelSpec model;
  model.input_shape = Shape(DataType::kFloat32, {16, 64});
  model.layers = {LayerSpec{linear}};
  return model;
}

TEST_CASE("a linear layer takes the longer of its FLOPs and its bytes") {
  const double flops = 2 * 16 * 64 * 32;
  const LayerCosts slow_compute = Timed(OneLinear(), {2.0, 1e6})[0];
  CHECK(slow_compute.forward_ns == flops / 2);
  CHECK(slow_compute.backward_input_ns == flops / 2);
  CHECK(slow_compute.backward_weight_ns == flops / 2);
  CHECK(slow_compute.recompute_ns == 0);
  const LayerCosts slow_memory = Timed(OneLinear(), {1e9, 0.5})[0];
  const Bytes input = 16 * 64 * 4, output = 16 * 32 * 4, weight = 64 * 32 * 4;
  CHECK(slow_memory.forward_ns == 2 * (input + output + weight));
  CHECK(slow_memory.backward_input_ns == 2 * (input + output + weight));
  CHECK(slow_memory.backward_weight_ns == 2 * (input + output + 2 * weight));
  // Reads gradients for their norm; reads and writes parameters, gradients and two moments.
  CHECK(slow_memory.update_ns == 2 * (weight + 2 * 4 * weight));
  CHECK(Timed(OneLinear(), {1e9, 0})[0].update_ns == 0);
  // A sum of two groups' gradients reads both and writes one.
  CHECK(slow_memory.fold_ns == 2 * 3 * weight);
  CHECK(slow_memory.repeated_ns == 0);
}

TEST_CASE("with multiprocessors a kernel takes more than its roofline") {
  const LayerCosts roofline = Timed(OneLinear(), {1000, 1000})[0], gpu = Timed(OneLinear(), {1000, 1000, 8, 1.5})[0];
  CHECK(gpu.forward_ns > roofline.forward_ns + 1000);
  CHECK(gpu.backward_weight_ns > roofline.backward_weight_ns + 1000);
  CHECK(gpu.update_ns > roofline.update_ns + 1000);
}

TEST_CASE("working copies are written, and not read") {
  LayerCosts layer;
  layer.parameter_bytes = 2000;
  layer.gradient_ratio = 2;
  layer.optimizer_bytes = 3 * 4000;
  const std::vector<Kernel> kernels = UpdateKernels(layer);
  REQUIRE(kernels.size() == 2);
  CHECK(kernels[0].bytes == 4000);
  CHECK(kernels[1].bytes == 2 * 4 * 4000 + 2000);
  CHECK(kernels[1].shape.extents.at("elements") == 1000);
  CHECK(UpdateKernels(LayerCosts()).empty());
}

TEST_CASE("attention has a rate of its own where products are rounded to TF32") {
  DeviceRates rates{1000, 1000, 8, 1000};  // the softmax takes no time
  Kernel attention;
  attention.kind = KernelKind::kAttention;
  attention.tiled_flops = attention.flops = 1e9;
  const double before = TimeByRates(attention, rates);
  rates.attention_flops_per_ns = 100;
  CHECK(TimeByRates(attention, rates) == Approx(before + 9e6));
  Kernel pass;
  pass.flops = 1e9;
  CHECK(TimeByRates(pass, rates) < 2e6);
}

TEST_CASE("on a GPU, sums of columns take longer than copies of as many bytes") {
  DeviceRates rates{1000, 1000, 8, 1.5};
  Kernel pass;
  pass.bytes = 1'000'000'000;
  const double copy = TimeByRates(pass, rates);
  pass.sums_columns = true;
  CHECK(TimeByRates(pass, rates) == Approx(copy * 0.9 / 0.75).epsilon(1e-3));
  rates.multiprocessors = 0;
  CHECK(TimeByRates(pass, rates) == 1'000'000);
}

TEST_CASE("recomputation takes the time of the recomputed forwards") {
  ModelSpec model = Gpt2Model({3, 16, 2, 32, 32}, 2, 2).value();
  model.layers[1].recompute = RecomputeMode::kAttention;
  model.layers[2].recompute = RecomputeMode::kFull;
  const std::vector<LayerCosts> costs = Timed(model, {1.0, 0});
  CHECK(costs[0].recompute_ns == 0);
  CHECK(costs[1].recompute_ns > 0);
  CHECK(costs[1].recompute_ns < costs[1].forward_ns / 4);
  CHECK(costs[2].recompute_ns == costs[2].forward_ns);
}

TEST_CASE("if memory takes no time, a model takes the time of its FLOPs") {
  const ModelSpec model = Gpt2Model({3, 16, 2, 32, 32}, 2, 2).value();
  for (const LayerCosts& layer : Timed(model, {1.0, 0})) {
    CHECK(static_cast<double>(layer.forward_ns) == Approx(layer.forward_flops).margin(1));
    CHECK(static_cast<double>(layer.backward_input_ns + layer.backward_weight_ns) ==
          Approx(layer.backward_flops).margin(2));
  }
}

}  // namespace
}  // namespace baton
