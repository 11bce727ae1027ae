// The arithmetic. Constants keep values near 1.
#include "tests/processes/mix_module.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace baton {
namespace {

const float* Floats(const std::byte* buffer) { return reinterpret_cast<const float*>(buffer); }
float* Floats(std::byte* buffer) { return reinterpret_cast<float*>(buffer); }

}  // namespace

CostModel MixCosts(int num_chunks, Bytes bytes) {
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1'000;
  chunk.parameter_bytes = chunk.input_bytes = chunk.output_bytes = bytes;
  chunk.saved_bytes = chunk.saved_weight_bytes = chunk.stash_bytes = chunk.workspace_bytes = bytes;
  chunk.forward_workspace_bytes = bytes;
  CostModel costs;
  costs.chunks.assign(num_chunks, chunk);
  costs.chunks.back().output_bytes = 0;
  costs.chunks.back().targets_bytes = bytes;
  return costs;
}

MixModule::MixModule(const Program* program, int replica_index, Bytes bytes)
    : program_(program),
      chunk_(program->placement.replicas()[replica_index].chunk),
      is_last_(chunk_ == program->num_chunks - 1),
      is_first_replica_(replica_index < program->num_chunks),
      num_elements_(bytes / static_cast<Bytes>(sizeof(float))) {}

void MixModule::Bind(const ChunkState& state) {
  parameters_ = Floats(state.parameters);
  gradients_ = Floats(state.gradients);
  for (int64_t j = 0; j < num_elements_; ++j) parameters_[j] = 1.0f / static_cast<float>(3 + chunk_ + j);
  std::fill_n(gradients_, num_elements_, 0.0f);
}

absl::Status MixModule::Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) {
  const float first = kind == DataKind::kInputs ? 0.3f : 0.7f;
  for (int64_t j = 0; j < num_elements_; ++j) Floats(slot)[j] = first / static_cast<float>(1 + micro_batch + j);
  return absl::OkStatus();
}

absl::Status MixModule::Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  const float* input = Floats(buffers.input);
  for (int64_t j = 0; j < num_elements_; ++j) {
    const float value = 0.7f * input[j] + 0.3f * parameters_[j];
    Floats(buffers.saved)[j] = value;
    Floats(buffers.saved_weight)[j] = input[j] + 0.01f;
    if (!is_last_) Floats(buffers.output)[j] = value;
  }
  return absl::OkStatus();
}

absl::Status MixModule::Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  PassBuffers with_stash = buffers;
  with_stash.stash = buffers.scratch;
  BATON_RETURN_IF_ERROR(BackwardInput(stream, micro_batch, with_stash));
  return BackwardWeight(stream, micro_batch, with_stash);
}

absl::Status MixModule::BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  for (int64_t j = 0; j < num_elements_; ++j) {
    const float saved = Floats(buffers.saved)[j];
    const float gradient = is_last_ ? saved - Floats(buffers.targets)[j] : Floats(buffers.grad_output)[j];
    Floats(buffers.stash)[j] = gradient;
    if (buffers.grad_input != nullptr) Floats(buffers.grad_input)[j] = 0.9f * gradient + 0.001f * saved;
  }
  return absl::OkStatus();
}

absl::Status MixModule::BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  for (int64_t j = 0; j < num_elements_; ++j) {
    gradients_[j] += Floats(buffers.stash)[j] * Floats(buffers.saved_weight)[j];
  }
  return absl::OkStatus();
}

absl::Status MixModule::Update(Stream& stream) {
  const auto rate = static_cast<float>(0.1 / (1.0 + std::sqrt(norm_)));
  for (int64_t j = 0; j < num_elements_; ++j) parameters_[j] -= rate * gradients_[j];
  std::fill_n(gradients_, num_elements_, 0.0f);
  return absl::OkStatus();
}

absl::StatusOr<ReduceBuffer> MixModule::PrepareReduce(Stream& stream, int group, int member) {
  const ReduceKind kind = program_->reduce_groups[group].kind;
  if (kind == ReduceKind::kGradientNorm) {
    norm_ = 0;
    for (int64_t j = 0; is_first_replica_ && j < num_elements_; ++j) norm_ += double{gradients_[j]} * gradients_[j];
    return ReduceBuffer{reinterpret_cast<std::byte*>(&norm_), sizeof(norm_), true};
  }
  if (kind == ReduceKind::kTiedGradient && !is_first_replica_) std::fill_n(gradients_, num_elements_, 0.0f);
  return ReduceBuffer{reinterpret_cast<std::byte*>(gradients_), num_elements_ * static_cast<Bytes>(sizeof(float)),
                      false};
}

}  // namespace baton
