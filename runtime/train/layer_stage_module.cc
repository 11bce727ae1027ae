// Binds a chunk's memory and forwards the executor's calls to its layer.
#include "runtime/train/layer_stage_module.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/optimizer/bind.h"

namespace baton {
namespace {

KernelStream ToKernelStream(Stream& stream) { return {stream.native_handle()}; }

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
std::optional<Shard> ShardOfReplica(const Program& program, int32_t replica_index, Bytes parameter_bytes) {
  for (const ReduceGroup& group : program.reduce_groups) {
    if (group.kind != ReduceKind::kShardedUpdate) continue;
    const auto own = std::lower_bound(group.members.begin(), group.members.end(), replica_index);
    if (own == group.members.end() || *own != replica_index) continue;
    return ShardOf(parameter_bytes, static_cast<int>(own - group.members.begin()),
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
      reduce_groups_(&program->reduce_groups),
      full_folds_(FoldsOf(*program, replica_index)),
      gradients_shape_(DataType::kFloat32, {layout->ParameterBytes(program->placement.replicas()[replica_index].chunk) /
                                            static_cast<Bytes>(sizeof(float))}),
      source_(source),
      replica_index_(replica_index),
      sequences_(sequences),
      counts_in_norm_(IsFirstInGroups(*program, ReduceKind::kGradientNorm, replica_index)),
      contributes_tied_(IsFirstInGroups(*program, ReduceKind::kTiedGradient, replica_index)),
      shard_(ShardOfReplica(*program, replica_index,
                            layout->ParameterBytes(program->placement.replicas()[replica_index].chunk))),
      chunk_(program->placement.replicas()[replica_index].chunk),
      full_(std::move(layer)),
      layer_(full_.get()),
      stash_bytes_(AlignUp(layer_->footprint().stash)),
      num_micro_batches_(program->num_micro_batches) {}

absl::Status LayerStageModule::Bind(Device& device, const ChunkState& state) {
  state_ = state;
  BATON_RETURN_IF_ERROR(CreateShared(device));
  BindParameters();
  return absl::OkStatus();
}

absl::Status LayerStageModule::CreateShared(Device& device) {
  const Bytes control_bytes = AlignUp(sizeof(UpdateControl));
  const Bytes step_bytes = AlignUp(sizeof(StepContext));
  const Bytes norm_bytes = AlignUp(sizeof(double));
  const Bytes losses_bytes = AlignUp(num_micro_batches_ * sizeof(double));
  const size_t num_norms = layout_->num_parameters();
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

std::vector<OptimizedParameter> LayerStageModule::LocateParameters() const {
  std::vector<OptimizedParameter> parameters;
  for (const ParameterUse& use : layout_->UsesIn(chunk_)) {
    parameters.push_back(
        Locate(layout_->SpecOf(use), use.offsets, {state_.parameters, state_.gradients, state_.optimizer}));
    const ParameterSpec& spec = layout_->SpecOf(use);
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
    const ParameterSpec& spec = layout_->SpecOf(use);
    const Bytes begin = std::max(shard_->begin, use.offsets.values);
    const Bytes end = std::min(shard_->end, use.offsets.values + spec.shape.NumBytes());
    if (begin >= end) continue;
    OptimizedParameter part = Locate(spec, use.offsets, {state_.parameters, state_.gradients, state_.optimizer});
    part.values = state_.parameters + begin;
    part.gradients = state_.gradients + begin;
    part.first_moment = state_.optimizer + (begin - shard_->begin);
    part.second_moment = part.first_moment + shard_->bytes();
    part.num_elements = (end - begin) / static_cast<Bytes>(sizeof(float));
    parts.push_back(part);
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
  BATON_RETURN_IF_ERROR(optimizer_->RoundValues(ToKernelStream(*stream)));
  return stream->Synchronize();
}

std::byte* LayerStageModule::StagedAt(DataKind kind, int micro_batch, int staging) const {
  const Bytes inputs = AlignUp(source_->BytesOf(DataKind::kInputs));
  const Bytes both = inputs + AlignUp(source_->BytesOf(DataKind::kTargets));
  return staged_ + (staging * num_micro_batches_ + micro_batch) * both + (kind == DataKind::kInputs ? 0 : inputs);
}

void LayerStageModule::Stage(DataKind kind, int micro_batch, int staging) {
  if (staged_ != nullptr) source_->Fill(kind, micro_batch, StagedAt(kind, micro_batch, staging));
}

PassBuffers LayerStageModule::Complete(int micro_batch, const PassBuffers& buffers) {
  PassBuffers complete = buffers;
  complete.loss = &losses_[micro_batch];
  complete.step = step_;
  complete.members = members_;
  complete.first_sequence = micro_batch * sequences_;
  return complete;
}

void LayerStageModule::BeginStep(const UpdateControl& update, const StepContext& step) {
  *control_ = update;
  *step_ = step;
  std::fill(losses_.begin(), losses_.end(), 0.0);
}

void LayerStageModule::BeginExamination() {
  std::vector<OptimizedParameter> parameters = LocateParameters();
  for (size_t use = 0; use < parameters.size(); ++use) parameters[use].norm = static_cast<int32_t>(use);
  examiner_ = backend_->CreateOptimizer(std::move(parameters));
  nonfinite_micro_batch_ = -1;
}

int LayerStageModule::EndExamination() {
  examiner_.reset();
  return nonfinite_micro_batch_;
}

absl::Status LayerStageModule::Examine(Stream& stream, int micro_batch) {
  if (examiner_ == nullptr || nonfinite_micro_batch_ >= 0) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(
      examiner_->SquaredNorms(ToKernelStream(stream), {}, use_norms_.data(), static_cast<int64_t>(use_norms_.size())));
  BATON_RETURN_IF_ERROR(stream.Synchronize());
  const bool finite =
      std::all_of(use_norms_.begin(), use_norms_.end(), [](double norm) { return std::isfinite(norm); });
  if (!finite) nonfinite_micro_batch_ = micro_batch;
  return absl::OkStatus();
}

absl::Status LayerStageModule::Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) {
  if (Stops()) return absl::OkStatus();
  if (staged_ == nullptr) {
    source_->Fill(kind, micro_batch, slot);
    return absl::OkStatus();
  }
  return stream.CopyFromShared(slot, StagedAt(kind, micro_batch, staging_), source_->BytesOf(kind));
}

absl::Status LayerStageModule::Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  if (Stops()) return absl::OkStatus();
  PassBuffers complete = Complete(micro_batch, buffers);
  if (complete.output == nullptr) PlaceOutput(complete);
  return layer_->Forward(ToKernelStream(stream), complete);
}

void LayerStageModule::PlaceOutput(PassBuffers& buffers) {
  const Shape& shape = layer_->output_shape();
  if (shape.empty()) return;
  output_ = buffers.output = buffers.scratch;
  buffers.scratch += AlignUp(shape.NumBytes());
}

absl::Status LayerStageModule::Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  if (Stops()) return absl::OkStatus();
  PassBuffers both = Complete(micro_batch, buffers);
  both.stash = buffers.scratch;
  both.scratch = buffers.scratch + stash_bytes_;
  both.is_whole_backward = true;
  BATON_RETURN_IF_ERROR(layer_->BackwardInput(ToKernelStream(stream), both));
  BATON_RETURN_IF_ERROR(layer_->BackwardWeight(ToKernelStream(stream), both));
  return FinishBackward(stream, micro_batch);
}

absl::Status LayerStageModule::BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  if (Stops()) return absl::OkStatus();
  return layer_->BackwardInput(ToKernelStream(stream), Complete(micro_batch, buffers));
}

absl::Status LayerStageModule::BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  if (Stops()) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(layer_->BackwardWeight(ToKernelStream(stream), Complete(micro_batch, buffers)));
  return FinishBackward(stream, micro_batch);
}

absl::Status LayerStageModule::FinishBackward(Stream& stream, int micro_batch) {
  BATON_RETURN_IF_ERROR(Examine(stream, micro_batch));
  return folds_->empty() ? absl::OkStatus() : FoldGradients(stream, (*folds_)[micro_batch]);
}

absl::Status LayerStageModule::FoldGradients(Stream& stream, const GradientFold& fold) {
  const Bytes bytes = layout_->ParameterBytes(chunk_);
  if (bytes == 0) return absl::OkStatus();
  std::byte* const gradients = state_.gradients;
  const auto partial = [&](int index) { return gradients + (1 + index) * bytes; };
  for (int i = 0; i < fold.num_added; ++i) {
    BATON_RETURN_IF_ERROR(backend_->Add(ToKernelStream(stream), gradients_shape_, partial(i), gradients, gradients));
  }
  if (!fold.moves) return absl::OkStatus();
  BATON_RETURN_IF_ERROR(stream.Copy(partial(fold.num_added), gradients, bytes));
  return stream.Zero(gradients, bytes);
}

absl::Status LayerStageModule::Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  if (Stops()) return absl::OkStatus();
  return layer_->Recompute(ToKernelStream(stream), Complete(micro_batch, buffers));
}

absl::StatusOr<StageModule::ReduceBuffer> LayerStageModule::PrepareReduce(Stream& stream, int group, int member) {
  const ReduceGroup& reduce_group = (*reduce_groups_)[group];
  if (reduce_group.kind == ReduceKind::kGradientNorm) {
    const bool has_losses = chunk_ == layout_->num_chunks() - 1;
    BATON_RETURN_IF_ERROR(optimizer_->SquaredNorms(ToKernelStream(stream),
                                                   has_losses ? losses_ : absl::Span<const double>(),
                                                   squared_norms_.data(), squared_norms_.size()));
    // Passes may have been left out, here or on other devices. Whoever sees it makes all of them drop the update.
    if (Stops() && !squared_norms_.empty()) squared_norms_.front() = std::numeric_limits<double>::quiet_NaN();
    if (members_ != nullptr) {
      BATON_RETURN_IF_ERROR(members_->Sum(ToKernelStream(stream), DataType::kFloat64,
                                          static_cast<int64_t>(squared_norms_.size()),
                                          reinterpret_cast<std::byte*>(squared_norms_.data())));
    }
    return ReduceBuffer{reinterpret_cast<std::byte*>(squared_norms_.data()),
                        static_cast<Bytes>(squared_norms_.size() * sizeof(double)), true};
  }
  if (reduce_group.kind == ReduceKind::kReplicaGradient) {
    return ReduceBuffer{state_.gradients, layout_->ParameterBytes(chunk_), false, Combine::kAsTree};
  }
  if (reduce_group.kind == ReduceKind::kShardedUpdate) {
    return ReduceBuffer{state_.parameters, layout_->ParameterBytes(chunk_), false, Combine::kShards};
  }
  // A chunk that uses the parameter several times is listed as often: `member` is its n-th entry.
  const std::vector<int32_t>& members = reduce_group.members;
  int skip = static_cast<int>(std::count(members.begin(), members.begin() + member, replica_index_));
  for (const ParameterUse& use : layout_->UsesIn(chunk_)) {
    const ParameterSpec& spec = layout_->SpecOf(use);
    if (spec.name != reduce_group.name || skip-- > 0) continue;
    std::byte* const gradients = state_.gradients + use.offsets.gradients;
    if (!contributes_tied_) BATON_RETURN_IF_ERROR(stream.Zero(gradients, spec.shape.NumBytes()));
    return ReduceBuffer{gradients, spec.shape.NumBytes(), false};
  }
  return absl::InternalError(absl::StrCat("chunk ", chunk_, " has no parameter ", reduce_group.name, " to reduce"));
}

absl::Status LayerStageModule::Update(Stream& stream) {
  if (examiner_ != nullptr) return stream.Zero(state_.gradients, layout_->ParameterBytes(chunk_));
  Optimizer& optimizer = updater_ == nullptr ? *optimizer_ : *updater_;
  BATON_RETURN_IF_ERROR(
      optimizer.Update(ToKernelStream(stream), squared_norms_.data(), squared_norms_.size(), control_, gradient_norm_));
  if (updater_ == nullptr) return absl::OkStatus();
  return stream.Zero(state_.gradients, layout_->ParameterBytes(chunk_));  // those of other shards as well
}

}  // namespace baton
