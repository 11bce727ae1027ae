// A chunk's memory: shared memory of its device, parameters, shard, optimizer, and the layers bound to them.
#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "base/status.h"
#include "ops/models/initialize.h"
#include "ops/optimizer/bind.h"
#include "runtime/train/kernel_stream.h"
#include "runtime/train/layer_stage_module.h"

namespace baton {
namespace {

// Whether no other replica of the chunk stands before this one in groups of this kind.
bool IsFirstInGroups(const Program& program, ReduceKind kind, int32_t replica_index) {
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  const auto is_earlier = [&](int32_t member) {
    return member < replica_index && replicas[member].chunk == replicas[replica_index].chunk;
  };
  for (const ReduceGroup& group : program.reduce_groups) {
    if (group.kind != kind) continue;
    if (!std::binary_search(group.members.begin(), group.members.end(), replica_index)) continue;
    if (std::any_of(group.members.begin(), group.members.end(), is_earlier)) return false;
  }
  return true;
}

// The replica's shard, if the program exchanges shards of its chunk.
std::optional<Shard> ShardOfReplica(const Program& program, int32_t replica_index, Bytes gradient_bytes) {
  for (const ReduceGroup& group : program.reduce_groups) {
    if (group.kind != ReduceKind::kShardedUpdate) continue;
    const auto own = std::lower_bound(group.members.begin(), group.members.end(), replica_index);
    if (own == group.members.end() || *own != replica_index) continue;
    return ShardOf(gradient_bytes, static_cast<int>(own - group.members.begin()),
                   static_cast<int>(group.members.size()));
  }
  return std::nullopt;
}

}  // namespace

LayerStageModule::LayerStageModule(const Backend* backend, const ParameterLayout* layout, const Program* program,
                                   const BatchSource* source, int32_t replica_index, int64_t sequences,
                                   std::unique_ptr<Layer> layer)
    : backend_(backend),
      layout_(layout),
      program_(program),
      full_folds_(FoldsOf(*program, replica_index)),
      gradients_shape_(DataType::kFloat32, {layout->GradientBytes(program->placement.replicas()[replica_index].chunk) /
                                            static_cast<Bytes>(sizeof(float))}),
      source_(source),
      replica_index_(replica_index),
      sequences_(sequences),
      counts_in_norm_(IsFirstInGroups(*program, ReduceKind::kGradientNorm, replica_index)),
      contributes_tied_(IsFirstInGroups(*program, ReduceKind::kTiedGradient, replica_index)),
      shard_(ShardOfReplica(*program, replica_index,
                            layout->GradientBytes(program->placement.replicas()[replica_index].chunk))),
      chunk_(program->placement.replicas()[replica_index].chunk),
      full_(std::move(layer)),
      layer_(full_.get()),
      num_micro_batches_(program->num_micro_batches) {}

absl::Status LayerStageModule::Bind(Device& device, const ChunkState& state) {
  state_ = state;
  norms_.emplace(*layout_, *program_, members_ == nullptr ? 1 : members_->num_members());
  BATON_RETURN_IF_ERROR(CreateShared(device));
  BATON_RETURN_IF_ERROR(CreateNorms(device));
  BindParameters();
  return absl::OkStatus();
}

absl::Status LayerStageModule::CreateShared(Device& device) {
  const Bytes control_bytes = AlignUp(sizeof(UpdateControl));
  const Bytes step_bytes = AlignUp(sizeof(StepContext));
  const Bytes norm_bytes = AlignUp(sizeof(double));
  const Bytes losses_bytes = AlignUp(num_micro_batches_ * sizeof(double));
  const auto num_norms = static_cast<size_t>(norms_->size());
  const size_t num_uses = layout_->UsesIn(chunk_).size();
  const Bytes norms_bytes = AlignUp(num_norms * sizeof(double));
  const Bytes bytes =
      control_bytes + step_bytes + norm_bytes + losses_bytes + norms_bytes + AlignUp(num_uses * sizeof(double));
  BATON_ASSIGN_OR_RETURN(std::byte * shared, device.CreateShared(bytes));
  control_ = new (shared) UpdateControl;
  step_ = new (shared += control_bytes) StepContext;
  gradient_norm_ = reinterpret_cast<double*>(shared += step_bytes);
  losses_ = {reinterpret_cast<double*>(shared += norm_bytes), static_cast<size_t>(num_micro_batches_)};
  squared_norms_ = {reinterpret_cast<double*>(shared += losses_bytes), num_norms};
  use_norms_ = {reinterpret_cast<double*>(shared + norms_bytes), num_uses};
  if (device.arena_is_shared()) return absl::OkStatus();
  const Bytes micro_batch =
      AlignUp(source_->BytesOf(DataKind::kInputs)) + AlignUp(source_->BytesOf(DataKind::kTargets));
  BATON_ASSIGN_OR_RETURN(staged_, device.CreateShared(kNumStagings * num_micro_batches_ * micro_batch));
  return absl::OkStatus();
}

// Creates the table by which the norms of cut parameters are joined.
absl::Status LayerStageModule::CreateNorms(Device& device) {
  const std::vector<CutNorm>& cuts = norms_->cuts();
  const std::vector<int32_t>& levels = norms_->levels();
  if (cuts.empty()) return absl::OkStatus();
  const Bytes cut_bytes = AlignUp(static_cast<Bytes>(cuts.size() * sizeof(CutNorm)));
  BATON_ASSIGN_OR_RETURN(std::byte * shared,
                         device.CreateShared(cut_bytes + static_cast<Bytes>(levels.size() * sizeof(int32_t))));
  auto* const shared_cuts = reinterpret_cast<CutNorm*>(shared);
  auto* const shared_levels = reinterpret_cast<int32_t*>(shared + cut_bytes);
  std::uninitialized_copy(cuts.begin(), cuts.end(), shared_cuts);
  std::uninitialized_copy(levels.begin(), levels.end(), shared_levels);
  cut_norms_ = {shared_cuts, shared_levels, static_cast<int64_t>(cuts.size())};
  return absl::OkStatus();
}

OptimizedParameter LayerStageModule::LocateUse(const ParameterUse& use) const {
  const ParameterSpec& spec = layout_->SpecOf(use);
  OptimizedParameter parameter =
      Locate(spec, use.offsets, {state_.parameters, state_.gradients, state_.optimizer}, layout_->format());
  // All uses and replicas of a parameter round alike, and so do members that have all of it.
  parameter.rounding_key = StableHash(spec.name);
  if (!spec.slice.IsWhole()) parameter.rounding_key += static_cast<uint64_t>(member_);
  return parameter;
}

std::vector<OptimizedParameter> LayerStageModule::LocateParameters() const {
  std::vector<OptimizedParameter> parameters;
  for (const ParameterUse& use : layout_->UsesIn(chunk_)) {
    const ParameterSpec& spec = layout_->SpecOf(use);
    parameters.push_back(LocateUse(use));
    const bool is_trained = !spec.is_statistic && !spec.frozen;
    // Parameters that are no slices are the same on all members, and count once.
    const bool is_own = member_ == 0 || !spec.slice.IsWhole();
    if (use.canonical && counts_in_norm_ && is_trained && is_own) parameters.back().norm = use.parameter;
  }
  return parameters;
}

std::vector<OptimizedParameter> LayerStageModule::LocateShard() const {
  std::vector<OptimizedParameter> parts;
  for (const ParameterUse& use : layout_->UsesIn(chunk_)) {
    for (const NormTable::Part& each : norms_->PartsIn(*layout_, use, *shard_, member_)) {
      OptimizedParameter part = LocateUse(use);
      const Bytes in_shard = each.bytes.begin - shard_->begin;
      part.gradients = state_.gradients + each.bytes.begin;
      part.values = state_.parameters + each.bytes.begin / layout_->gradient_ratio();
      part.first_moment = state_.optimizer + in_shard;
      if (layout_->has_masters()) {
        part.working = std::exchange(part.values, part.first_moment);
        part.first_moment += shard_->bytes();
      }
      part.second_moment = part.first_moment + shard_->bytes();
      part.first_element = (each.bytes.begin - use.offsets.gradients) / static_cast<Bytes>(sizeof(float));
      part.num_elements = each.bytes.bytes() / static_cast<Bytes>(sizeof(float));
      part.norm = each.norm;
      parts.push_back(part);
    }
  }
  return parts;
}

void LayerStageModule::BindParameters() {
  std::vector<OptimizedParameter> parameters = LocateParameters();
  BindLayer(parameters, *full_);
  for (const std::unique_ptr<Layer>& variant : variants_) BindLayer(parameters, *variant);
  if (state_.gradients == nullptr) return;
  optimizer_ = backend_->CreateOptimizer(std::move(parameters));
  if (shard_.has_value()) updater_ = backend_->CreateOptimizer(LocateShard());
}

void LayerStageModule::AddVariant(std::unique_ptr<Layer> layer) {
  if (state_.parameters != nullptr) BindLayer(LocateParameters(), *layer);
  variants_.push_back(std::move(layer));
}

absl::Status LayerStageModule::RoundWorkingCopies(Device& device) {
  if (backend_->precision() == DataType::kFloat32 || optimizer_ == nullptr) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(device.BindWorkerThread());
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream, device.CreateStream());
  Optimizer& optimizer = updater_ == nullptr ? *optimizer_ : *updater_;
  BATON_RETURN_IF_ERROR(optimizer.RoundValues(ToKernelStream(*stream)));
  return stream->Synchronize();
}

}  // namespace baton
