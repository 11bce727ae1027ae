// Maps the messages of a job's model to layers, costs and parameters.
#include "runtime/planning/job_model.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/models/costs.h"
#include "ops/models/mlp/mlp.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/members.h"
#include "runtime/planning/model_options.h"
#include "schedules/plan/device_split.h"

namespace baton {
namespace {

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

// Sets it in the loss, which is the last layer, or the last one inside that.
void SetZLoss(double z_loss, LayerSpec& last) {
  if (auto* const loss = std::get_if<CrossEntropySpec>(&last.kind)) loss->z_loss = z_loss;
  if (auto* const sequence = std::get_if<SequenceSpec>(&last.kind)) SetZLoss(z_loss, sequence->layers.back());
}

absl::StatusOr<ModelSpec> ModelWithoutRecompute(const proto::Job& job) {
  const int64_t batch = job.batch().sequences();
  const int64_t micro_batch = batch / job.batch().micro_batches();
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return Gpt2Model(ToGpt2Options(model, ContextOf(job)), micro_batch, batch);
  if (model.has_llama()) return LlamaModel(ToLlamaOptions(model, ContextOf(job)), micro_batch, batch);
  if (model.has_mlp()) {
    MlpOptions options;
    options.sizes.assign(model.mlp().sizes().begin(), model.mlp().sizes().end());
    options.activation = ToActivation(model.mlp().activation());
    return MlpModel(options, micro_batch, batch);
  }
  if (model.has_bert()) {
    return BertModel(ToBertOptions(model, ContextOf(job), MaskedTokensOf(job)), micro_batch, batch);
  }
  if (model.has_vit()) return VitModel(ToVitOptions(model), micro_batch, batch);
  if (model.has_resnet()) return ResnetModel(ToResnetOptions(model.resnet()), micro_batch, batch);
  return LayerListModel(ToLayerListOptions(model, ContextOf(job)), micro_batch, batch);
}

}  // namespace

absl::StatusOr<ModelSpec> ModelOfJob(const proto::Job& job) {
  BATON_ASSIGN_OR_RETURN(ModelSpec model, ModelWithoutRecompute(job));
  SetZLoss(job.model().z_loss(), model.layers.back());
  const proto::Pipeline& pipeline = job.pipeline();
  for (int i = 0; i < static_cast<int>(model.layers.size()); ++i) {
    const int mode = i < pipeline.recompute_layers_size() ? pipeline.recompute_layers(i) : pipeline.recompute();
    model.layers[i].recompute = ToRecomputeMode(mode);
  }
  return model;
}

absl::StatusOr<ModelTable> MakeModelTable(const Backend& backend, ModelSpec model) {
  ModelTable table;
  table.format = backend.parameter_format();
  // Features come in the precision that the layers compute in (runtime/data/rounded.h).
  if (model.input_shape.type() == DataType::kFloat32) {
    model.input_shape = Shape(backend.precision(), model.input_shape.extents());
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<std::unique_ptr<Layer>> layers,
                         BuildLayers(backend, model.layers, model.input_shape));
  for (size_t i = 0; i < layers.size(); ++i) {
    table.costs.push_back(DescribeLayer(model.layer_names[i], *layers[i], table.format));
    table.parameters.push_back(layers[i]->parameters());
    table.outputs.push_back(layers[i]->output_shape());
  }
  table.model = std::move(model);
  return table;
}

absl::StatusOr<std::vector<LayerRange>> BalancedSplitOfJob(const proto::Job& job, const ModelTable& table,
                                                           const ChunkPlacement& placement) {
  if (job.devices().has_rates()) return SplitForDevices(WithMemberSums(job, table.costs), placement);
  std::vector<LayerCosts> by_flops = table.costs;
  for (LayerCosts& layer : by_flops) layer.forward_ns = layer.backward_input_ns = layer.backward_weight_ns = 0;
  return SplitForDevices(by_flops, placement);
}

absl::StatusOr<std::vector<LayerRange>> SplitOfJob(const proto::Job& job, const ModelTable& table,
                                                   const ChunkPlacement& placement) {
  const proto::Split& split = job.pipeline().split();
  if (split.layers_size() == 0) return BalancedSplitOfJob(job, table, placement);
  return SplitByCounts(std::vector<int>(split.layers().begin(), split.layers().end()),
                       static_cast<int>(table.costs.size()), placement.num_chunks());
}

absl::StatusOr<ParameterLayout> LayoutOfSplit(const ModelTable& table, absl::Span<const LayerRange> split) {
  std::vector<std::vector<ParameterSpec>> chunks;
  for (const LayerRange& range : split) {
    chunks.emplace_back();
    for (int layer = range.begin; layer < range.end; ++layer) {
      chunks.back().insert(chunks.back().end(), table.parameters[layer].begin(), table.parameters[layer].end());
    }
  }
  return ParameterLayout::Create(chunks, table.format);
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
