// The values of ArithmeticModule, and the checks of what arrives.
#include "runtime/execute/testing/arithmetic_module.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr int64_t kFirstTarget = 7;

}  // namespace

void ArithmeticModule::Bind(const ChunkState& state) {
  parameters_ = reinterpret_cast<int64_t*>(state.parameters);
  gradients_ = reinterpret_cast<int64_t*>(state.gradients);
  Fill(state.gradients, 0, 0);
}

int64_t ArithmeticModule::ExpectedParameter(int num_steps) const {
  int64_t gradient = 0;
  for (int micro_batch = 0; micro_batch < num_micro_batches_; ++micro_batch) gradient += GradientOf(micro_batch);
  return num_steps * gradient;
}

int64_t ArithmeticModule::InputOf(int micro_batch) const { return 1000 * micro_batch + chunk_ * (chunk_ + 1) / 2; }

int64_t ArithmeticModule::GradientOf(int micro_batch) const { return micro_batch + num_chunks_ - chunk_; }

absl::Status ArithmeticModule::Expect(const char* what, const std::byte* buffer, int64_t first,
                                      int64_t increment) const {
  if (buffer == nullptr) return absl::InternalError(absl::StrCat(what, " is missing"));
  const auto* values = reinterpret_cast<const int64_t*>(buffer);
  for (int64_t j = 0; j < num_elements_; ++j) {
    if (values[j] != first + j * increment) {
      return absl::InternalError(absl::StrCat(what, "[", j, "] is ", values[j], ", expected ", first + j * increment));
    }
  }
  return absl::OkStatus();
}

void ArithmeticModule::Fill(std::byte* buffer, int64_t first, int64_t increment) const {
  auto* values = reinterpret_cast<int64_t*>(buffer);
  for (int64_t j = 0; j < num_elements_; ++j) values[j] = first + j * increment;
}

absl::Status ArithmeticModule::Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) {
  Fill(slot, kind == DataKind::kInputs ? 1000 * micro_batch : kFirstTarget + micro_batch, 1);
  return absl::OkStatus();
}

absl::Status ArithmeticModule::Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(Expect("input", buffers.input, InputOf(micro_batch), 1));
  if (is_last()) BATON_RETURN_IF_ERROR(Expect("targets", buffers.targets, kFirstTarget + micro_batch, 1));
  if (is_last() != (buffers.output == nullptr)) return absl::InternalError("output of the wrong chunk");
  Fill(buffers.scratch, -1, 0);
  Fill(buffers.saved, -micro_batch, 2);
  Fill(buffers.saved_weight, -micro_batch, 3);
  if (!is_last()) Fill(buffers.output, InputOf(micro_batch) + chunk_ + 1, 1);
  return absl::OkStatus();
}

absl::Status ArithmeticModule::Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  PassBuffers with_stash = buffers;
  with_stash.stash = buffers.scratch;
  BATON_RETURN_IF_ERROR(BackwardInput(stream, micro_batch, with_stash));
  return BackwardWeight(stream, micro_batch, with_stash);
}

absl::Status ArithmeticModule::BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(Expect("input", buffers.input, InputOf(micro_batch), 1));
  BATON_RETURN_IF_ERROR(Expect("saved", buffers.saved, -micro_batch, 2));
  const int64_t gradient = GradientOf(micro_batch);
  if (is_last()) {
    BATON_RETURN_IF_ERROR(Expect("targets", buffers.targets, kFirstTarget + micro_batch, 1));
  } else {
    BATON_RETURN_IF_ERROR(Expect("grad_output", buffers.grad_output, gradient, 0));
  }
  if (chunk_ > 0) Fill(buffers.grad_input, gradient + 1, 0);
  Fill(buffers.stash, gradient, 0);
  return absl::OkStatus();
}

absl::Status ArithmeticModule::BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(Expect("input", buffers.input, InputOf(micro_batch), 1));
  BATON_RETURN_IF_ERROR(Expect("saved_weight", buffers.saved_weight, -micro_batch, 3));
  BATON_RETURN_IF_ERROR(Expect("stash", buffers.stash, GradientOf(micro_batch), 0));
  if (!is_last()) BATON_RETURN_IF_ERROR(Expect("grad_output", buffers.grad_output, GradientOf(micro_batch), 0));
  for (int64_t j = 0; j < num_elements_; ++j) gradients_[j] += GradientOf(micro_batch);
  return absl::OkStatus();
}

absl::Status ArithmeticModule::Update(Stream& stream) {
  const double all_norms = 0.5 * num_chunks_ * (num_chunks_ + 1);
  if (norm_ != all_norms) return absl::InternalError(absl::StrCat("the sum is ", norm_, ", expected ", all_norms));
  for (int64_t j = 0; j < num_elements_; ++j) {
    parameters_[j] += gradients_[j];
    gradients_[j] = 0;
  }
  return absl::OkStatus();
}

absl::StatusOr<ReduceBuffer> ArithmeticModule::PrepareReduce(Stream& stream, int group, int member) {
  norm_ = chunk_ + 1;
  return ReduceBuffer{reinterpret_cast<std::byte*>(&norm_), sizeof(double), true};
}

}  // namespace baton
