// Binding a chunk's memory, and the calls of the executor as those of its layer.
#include "runtime/train/layer_stage_module.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/initialize.h"
#include "runtime/train/optimizer/learning_rate.h"

namespace baton {
namespace {

KernelStream ToKernelStream(Stream& stream) { return {stream.native_handle()}; }

}  // namespace

LayerStageModule::LayerStageModule(const Backend* backend, const ParameterTable* table,
                                   const std::vector<ReduceGroup>* reduce_groups, const BatchSource* source, int copy,
                                   int chunk, int num_micro_batches, std::unique_ptr<Layer> layer)
    : backend_(backend),
      table_(table),
      reduce_groups_(reduce_groups),
      source_(source),
      copy_(copy),
      chunk_(chunk),
      layer_(std::move(layer)),
      stash_bytes_(AlignUp(layer_->footprint().stash)),
      losses_(num_micro_batches, 0.0),
      squared_norms_(table->parameters.size(), 0.0) {}

absl::Status LayerStageModule::BindAndInitialize(const ChunkState& state, int64_t seed) {
  state_ = state;
  std::vector<std::byte*> values, gradients;
  for (const ParameterCopy& copy : table_->chunks[chunk_]) {
    const ParameterSpec& spec = table_->parameters[copy.parameter];
    values.push_back(state.parameters + copy.offset);
    gradients.push_back(state.gradients + copy.offset);
    InitializeParameter(seed, spec.name, spec.initializer, spec.shape.NumElements(),
                        reinterpret_cast<float*>(values.back()));
  }
  layer_->BindParameters(values, gradients);
  return absl::OkStatus();
}

LayerBuffers LayerStageModule::ToLayerBuffers(int micro_batch, const ChunkBuffers& buffers) {
  LayerBuffers layer;
  layer.input = buffers.input;
  layer.targets = buffers.targets;
  layer.output = buffers.output;
  layer.saved = buffers.saved;
  layer.saved_weight = buffers.saved_weight;
  layer.stash = buffers.stash;
  layer.recomputed = buffers.recomputed;
  layer.recomputed_weight = buffers.recomputed_weight;
  layer.grad_output = buffers.grad_output;
  layer.grad_input = buffers.grad_input;
  layer.scratch = buffers.workspace;
  layer.loss = &losses_[micro_batch];
  return layer;
}

absl::Status LayerStageModule::Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) {
  source_->Fill(kind, micro_batch, slot);
  return absl::OkStatus();
}

absl::Status LayerStageModule::Forward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
  return layer_->Forward(ToKernelStream(stream), ToLayerBuffers(micro_batch, buffers));
}

absl::Status LayerStageModule::Backward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
  LayerBuffers layer = ToLayerBuffers(micro_batch, buffers);
  layer.stash = buffers.workspace;
  layer.scratch = buffers.workspace + stash_bytes_;
  BATON_RETURN_IF_ERROR(layer_->BackwardInput(ToKernelStream(stream), layer));
  return layer_->BackwardWeight(ToKernelStream(stream), layer);
}

absl::Status LayerStageModule::BackwardInput(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
  return layer_->BackwardInput(ToKernelStream(stream), ToLayerBuffers(micro_batch, buffers));
}

absl::Status LayerStageModule::BackwardWeight(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
  return layer_->BackwardWeight(ToKernelStream(stream), ToLayerBuffers(micro_batch, buffers));
}

absl::Status LayerStageModule::Recompute(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
  return layer_->Recompute(ToKernelStream(stream), ToLayerBuffers(micro_batch, buffers));
}

absl::Status LayerStageModule::FillSquaredNorms(KernelStream stream) {
  std::fill(squared_norms_.begin(), squared_norms_.end(), 0.0);
  if (copy_ > 0) return absl::OkStatus();
  for (const ParameterCopy& copy : table_->chunks[chunk_]) {
    if (!copy.first) continue;
    BATON_RETURN_IF_ERROR(backend_->SquaredNorm(stream, GradientsOf(copy),
                                                table_->parameters[copy.parameter].shape.NumElements(),
                                                &squared_norms_[copy.parameter]));
  }
  return absl::OkStatus();
}

absl::StatusOr<StageModule::ReduceBuffer> LayerStageModule::PrepareReduce(Stream& stream, int group, int member) {
  const ReduceGroup& reduce_group = (*reduce_groups_)[group];
  if (reduce_group.kind == ReduceKind::kGradientNorm) {
    BATON_RETURN_IF_ERROR(FillSquaredNorms(ToKernelStream(stream)));
    return ReduceBuffer{reinterpret_cast<std::byte*>(squared_norms_.data()),
                        static_cast<Bytes>(squared_norms_.size() * sizeof(double)), true};
  }
  if (reduce_group.kind == ReduceKind::kReplicaGradient) {
    return ReduceBuffer{state_.gradients, table_->chunk_bytes[chunk_], false};
  }
  // A chunk that holds the parameter several times is listed as often: this is its n-th.
  const auto& places = reduce_group.chunks;
  int skip = static_cast<int>(std::count(places.begin(), places.begin() + member, copy_ * NumChunks() + chunk_));
  for (const ParameterCopy& copy : table_->chunks[chunk_]) {
    if (table_->parameters[copy.parameter].name != reduce_group.name || skip-- > 0) continue;
    const Bytes bytes = table_->parameters[copy.parameter].shape.NumBytes();
    if (copy_ > 0) std::fill_n(GradientsOf(copy), bytes, std::byte{0});
    return ReduceBuffer{GradientsOf(copy), bytes, false};
  }
  return absl::InternalError(absl::StrCat("chunk ", chunk_, " holds no parameter ", reduce_group.name, " to reduce"));
}

absl::Status LayerStageModule::Step(Stream& stream) {
  // Every device sums the same numbers in the same order, so all clip by the same factor.
  double squared_norm = 0;
  for (double value : squared_norms_) squared_norm += value;
  gradient_norm_ = std::sqrt(squared_norm);
  AdamWArguments arguments = {};
  arguments.learning_rate = update_.learning_rate;
  arguments.beta1 = update_.beta1;
  arguments.beta2 = update_.beta2;
  arguments.epsilon = update_.epsilon;
  arguments.gradient_scale = ClipScale(update_.clip_norm, gradient_norm_);
  arguments.step = update_.step;
  const Bytes moment_bytes = table_->chunk_bytes[chunk_];
  for (const ParameterCopy& copy : table_->chunks[chunk_]) {
    const ParameterSpec& spec = table_->parameters[copy.parameter];
    arguments.values = state_.parameters + copy.offset;
    arguments.gradients = state_.gradients + copy.offset;
    arguments.first_moment = state_.optimizer + copy.offset;
    arguments.second_moment = state_.optimizer + moment_bytes + copy.offset;
    arguments.num_elements = spec.shape.NumElements();
    arguments.weight_decay = spec.decays ? update_.weight_decay : 0.0;
    BATON_RETURN_IF_ERROR(backend_->AdamW(ToKernelStream(stream), arguments));
  }
  return absl::OkStatus();
}

}  // namespace baton
