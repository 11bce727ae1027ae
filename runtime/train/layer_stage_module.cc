// Forwards the executor's calls to a chunk's layer, its optimizer and its examiner.
#include "runtime/train/layer_stage_module.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/train/kernel_stream.h"

namespace baton {

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
  BATON_RETURN_IF_ERROR(layer_->Backward(ToKernelStream(stream), Complete(micro_batch, buffers)));
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
  const Bytes bytes = layout_->GradientBytes(chunk_);
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
  const ReduceGroup& reduce_group = program_->reduce_groups[group];
  if (reduce_group.kind == ReduceKind::kGradientNorm) {
    const bool has_losses = chunk_ == layout_->num_chunks() - 1;
    Optimizer& optimizer = norms_->IsScattered(chunk_) ? *updater_ : *optimizer_;
    BATON_RETURN_IF_ERROR(optimizer.SquaredNorms(ToKernelStream(stream),
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
    return ReduceBuffer{state_.gradients, layout_->GradientBytes(chunk_), false, Combine::kAsTree};
  }
  if (reduce_group.kind == ReduceKind::kShardGradient) {
    return ReduceBuffer{state_.gradients, layout_->GradientBytes(chunk_), false, Combine::kTreeToShards};
  }
  if (reduce_group.kind == ReduceKind::kShardedUpdate) {
    ReduceBuffer values{state_.parameters, layout_->ParameterBytes(chunk_), false, Combine::kShards};
    values.ratio = layout_->gradient_ratio();
    return values;
  }
  BATON_ASSIGN_OR_RETURN(const ReduceBuffer tied, TiedGradient(group, member));
  if (reduce_group.kind == ReduceKind::kTiedShards) return tied;
  if (!contributes_tied_) BATON_RETURN_IF_ERROR(stream.Zero(tied.data, tied.bytes));
  return ReduceBuffer{tied.data, tied.bytes, false};
}

absl::StatusOr<ReduceBuffer> LayerStageModule::TiedGradient(int group, int member) const {
  const ReduceGroup& tied = program_->reduce_groups[group];
  // A chunk that uses the parameter several times is listed as often in one group, and has as many groups that gather.
  int skip = static_cast<int>(std::count(tied.members.begin(), tied.members.begin() + member, replica_index_));
  if (tied.kind == ReduceKind::kTiedShards) {
    const auto first = program_->reduce_groups.begin();
    skip = static_cast<int>(std::count_if(first, first + group, [&](const ReduceGroup& each) {
      return each.kind == tied.kind && each.name == tied.name && each.members == tied.members;
    }));
  }
  for (const ParameterUse& use : layout_->UsesIn(chunk_)) {
    const ParameterSpec& spec = layout_->SpecOf(use);
    if (spec.name != tied.name || skip-- > 0) continue;
    return ReduceBuffer{state_.gradients + use.offsets.gradients,
                        spec.shape.NumBytes(),
                        false,
                        Combine::kShards,
                        use.offsets.gradients,
                        layout_->GradientBytes(chunk_)};
  }
  return absl::InternalError(absl::StrCat("chunk ", chunk_, " has no parameter ", tied.name, " to reduce"));
}

absl::Status LayerStageModule::Update(Stream& stream) {
  if (examiner_ != nullptr) return stream.Zero(state_.gradients, layout_->GradientBytes(chunk_));
  Optimizer& optimizer = updater_ == nullptr ? *optimizer_ : *updater_;
  BATON_RETURN_IF_ERROR(optimizer.JoinNorms(ToKernelStream(stream), cut_norms_, squared_norms_.data()));
  BATON_RETURN_IF_ERROR(optimizer.Update(ToKernelStream(stream), squared_norms_.data(), layout_->num_parameters(),
                                         control_, gradient_norm_));
  if (updater_ == nullptr) return absl::OkStatus();
  return stream.Zero(state_.gradients, layout_->GradientBytes(chunk_));  // those of other shards as well
}

}  // namespace baton
