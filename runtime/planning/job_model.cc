// Maps the messages of a job's model to layers, costs and parameters.
#include "runtime/planning/job_model.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/models/costs.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/layer_list.h"
#include "ops/models/mlp/mlp.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

std::optional<ActivationKind> ToActivation(proto::Activation activation) {
  switch (activation) {
    case proto::RELU:
      return ActivationKind::kRelu;
    case proto::GELU:
      return ActivationKind::kGelu;
    case proto::GELU_TANH:
      return ActivationKind::kGeluTanh;
    default:
      return std::nullopt;
  }
}

ListedPlain ToListedPlain(const proto::Layer& layer) {
  switch (layer.kind_case()) {
    case proto::Layer::kLayerNorm:
      return ListedLayerNorm{};
    case proto::Layer::kRelu:
      return ListedActivation{ActivationKind::kRelu};
    case proto::Layer::kGelu:
      return ListedActivation{ActivationKind::kGelu};
    default: {
      ListedLinear linear;
      linear.outputs = layer.linear().outputs();
      linear.activation = ToActivation(layer.linear().activation());
      return linear;
    }
  }
}

ListedLayer ToListedLayer(const proto::Layer& layer) {
  if (layer.has_residual()) {
    ListedResidual residual;
    for (const proto::Layer& inner : layer.residual().layer()) residual.layers.push_back(ToListedPlain(inner));
    return residual;
  }
  return std::visit([](auto&& listed) { return ListedLayer(listed); }, ToListedPlain(layer));
}

RecomputeMode ToRecomputeMode(int mode) {
  switch (mode) {
    case proto::Pipeline::ATTENTION:
      return RecomputeMode::kAttention;
    case proto::Pipeline::FULL:
      return RecomputeMode::kFull;
    default:
      return RecomputeMode::kNone;
  }
}

absl::StatusOr<ModelSpec> ModelWithoutRecompute(const proto::Job& job) {
  const int64_t batch = job.batch().sequences();
  const int64_t micro_batch = batch / job.batch().micro_batches();
  const proto::Model& model = job.model();
  if (model.has_gpt2()) {
    const proto::Gpt2& gpt2 = model.gpt2();
    return Gpt2Model({gpt2.layers(), gpt2.width(), gpt2.heads(), ContextOf(job), gpt2.vocabulary(),
                      ToActivation(gpt2.activation()).value_or(ActivationKind::kGelu)},
                     micro_batch, batch);
  }
  if (model.has_mlp()) {
    MlpOptions options;
    options.sizes.assign(model.mlp().sizes().begin(), model.mlp().sizes().end());
    // Without one an MLP would be a single linear map; the default is ReLU.
    options.activation = ToActivation(model.mlp().activation()).value_or(ActivationKind::kRelu);
    return MlpModel(options, micro_batch, batch);
  }
  LayerListOptions options;
  options.inputs = model.inputs();
  for (const proto::Layer& layer : model.layer()) options.layers.push_back(ToListedLayer(layer));
  return LayerListModel(options, micro_batch, batch);
}

}  // namespace

absl::StatusOr<ModelSpec> ModelOfJob(const proto::Job& job) {
  BATON_ASSIGN_OR_RETURN(ModelSpec model, ModelWithoutRecompute(job));
  const proto::Pipeline& pipeline = job.pipeline();
  for (int i = 0; i < static_cast<int>(model.layers.size()); ++i) {
    const int mode = i < pipeline.recompute_layers_size() ? pipeline.recompute_layers(i) : pipeline.recompute();
    model.layers[i].recompute = ToRecomputeMode(mode);
  }
  return model;
}

absl::StatusOr<ModelTable> MakeModelTable(const Backend& backend, ModelSpec model) {
  ModelTable table;
  table.precision = backend.precision();
  BATON_ASSIGN_OR_RETURN(const std::vector<std::unique_ptr<Layer>> layers,
                         BuildLayers(backend, model.layers, model.input_shape));
  for (size_t i = 0; i < layers.size(); ++i) {
    table.costs.push_back(DescribeLayer(model.layer_names[i], *layers[i], backend.precision()));
    table.parameters.push_back(layers[i]->parameters());
  }
  table.model = std::move(model);
  return table;
}

absl::StatusOr<std::vector<LayerRange>> SplitByFlops(const ModelTable& table, int num_chunks) {
  std::vector<LayerCosts> by_flops = table.costs;
  for (LayerCosts& layer : by_flops) layer.forward_ns = layer.backward_input_ns = layer.backward_weight_ns = 0;
  return SplitBalanced(by_flops, num_chunks);
}

absl::StatusOr<std::vector<LayerRange>> SplitOfJob(const proto::Job& job, const ModelTable& table, int num_chunks) {
  const proto::Split& split = job.pipeline().split();
  if (split.layers_size() == 0) return SplitByFlops(table, num_chunks);
  return SplitByCounts(std::vector<int>(split.layers().begin(), split.layers().end()),
                       static_cast<int>(table.costs.size()), num_chunks);
}

absl::StatusOr<ParameterLayout> LayoutOfSplit(const ModelTable& table, absl::Span<const LayerRange> split) {
  std::vector<std::vector<ParameterSpec>> chunks;
  for (const LayerRange& range : split) {
    chunks.emplace_back();
    for (int layer = range.begin; layer < range.end; ++layer) {
      chunks.back().insert(chunks.back().end(), table.parameters[layer].begin(), table.parameters[layer].end());
    }
  }
  return ParameterLayout::Create(chunks, table.precision);
}

std::vector<ReduceGroup> ReduceGroupsOf(const ParameterLayout& layout) {
  std::vector<ReduceGroup> groups;
  for (int index = 0; index < layout.num_parameters(); ++index) {
    const std::vector<ParameterUse> uses = layout.UsesOf(index);
    if (uses.size() < 2) continue;
    const ParameterSpec& spec = layout.parameters()[index];
    ReduceGroup group = {ReduceKind::kTiedGradient, spec.name, {}, spec.shape.NumBytes()};
    for (const ParameterUse& use : uses) group.members.push_back(use.chunk);
    groups.push_back(std::move(group));
  }
  ReduceGroup norm = {
      ReduceKind::kGradientNorm, "gradient norm", {}, static_cast<Bytes>(layout.num_parameters() * sizeof(double))};
  for (int chunk = 0; chunk < layout.num_chunks(); ++chunk) norm.members.push_back(chunk);
  groups.push_back(std::move(norm));
  return groups;
}

}  // namespace baton
