// The passes of MemberSum: the inner layer's, each with a sum over members behind it.
#include "ops/layers/member_sum.h"

#include <utility>

#include "base/status.h"
#include "ops/layers/member_group.h"

namespace baton {
namespace {

absl::Status SumOver(MemberGroup& members, KernelStream stream, const Shape& shape, std::byte* values) {
  return members.Sum(stream, shape.type(), shape.NumElements(), values);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MemberSum>> MemberSum::Create(const Backend& backend, const MemberSumSpec& spec,
                                                             std::unique_ptr<Layer> inner) {
  if (spec.output && inner->output_shape().empty()) {
    return absl::InvalidArgumentError("member sum: a loss has no output to sum");
  }
  if (!spec.output && !spec.grad_input && !spec.gradients) {
    return absl::InvalidArgumentError("member sum: neither the output nor a gradient is to be summed");
  }
  return std::unique_ptr<MemberSum>(new MemberSum(backend, spec, std::move(inner)));
}

MemberSum::MemberSum(const Backend& backend, const MemberSumSpec& spec, std::unique_ptr<Layer> inner)
    : backend_(backend),
      output_(spec.output),
      grad_input_(spec.grad_input),
      gradients_(spec.gradients),
      inner_(std::move(inner)),
      inner_scratch_(inner_->footprint().scratch) {
  if (!gradients_) return;
  for (const ParameterSpec& parameter : inner_->parameters()) shapes_.push_back(parameter.shape);
}

Footprint MemberSum::footprint() const {
  Footprint footprint = inner_->footprint();
  for (const Shape& shape : shapes_) footprint.scratch += AlignUp(shape.NumBytes());
  return footprint;
}

MemberTraffic MemberSum::member_traffic() const {
  MemberTraffic traffic = inner_->member_traffic();
  if (output_) traffic.Add({1, 0, output_shape().NumBytes(), 0});
  if (grad_input_) traffic.Add({0, 1, 0, input_shape().NumBytes()});
  for (const Shape& shape : shapes_) traffic.Add({0, 1, 0, shape.NumBytes()});
  return traffic;
}

void MemberSum::BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) {
  inner_->BindParameters(values, gradients);
  own_gradients_ = gradients;
}

absl::Status MemberSum::Forward(KernelStream stream, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(inner_->Forward(stream, buffers));
  if (!output_ || buffers.members == nullptr) return absl::OkStatus();
  return SumOver(*buffers.members, stream, output_shape(), buffers.output);
}

absl::Status MemberSum::Recompute(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  inner.output = nullptr;
  return inner_->Recompute(stream, inner);
}

// A layer may add to its gradients in the first half of a whole backward; those that are summed need the second.
PassBuffers MemberSum::OfInner(const PassBuffers& buffers) const {
  PassBuffers inner = buffers;
  if (gradients_) inner.is_whole_backward = false;
  return inner;
}

absl::Status MemberSum::BackwardInput(KernelStream stream, const PassBuffers& buffers) {
  const PassBuffers inner = OfInner(buffers);
  BATON_RETURN_IF_ERROR(inner_->BackwardInput(stream, inner));
  if (!grad_input_ || buffers.members == nullptr || buffers.grad_input == nullptr) return absl::OkStatus();
  return SumOver(*buffers.members, stream, input_shape(), buffers.grad_input);
}

// The inner layer adds to gradients that may have earlier micro-batches' sums, which must not be summed again.
absl::Status MemberSum::BackwardWeight(KernelStream stream, const PassBuffers& buffers) {
  const PassBuffers inner = OfInner(buffers);
  if (!gradients_ || buffers.members == nullptr) return inner_->BackwardWeight(stream, inner);
  std::byte* earlier = buffers.scratch + inner_scratch_;
  for (size_t i = 0; i < shapes_.size(); earlier += AlignUp(shapes_[i].NumBytes()), ++i) {
    BATON_RETURN_IF_ERROR(backend_.Copy(stream, own_gradients_[i], shapes_[i].NumBytes(), earlier));
    BATON_RETURN_IF_ERROR(backend_.Zero(stream, shapes_[i].NumBytes(), own_gradients_[i]));
  }
  BATON_RETURN_IF_ERROR(inner_->BackwardWeight(stream, inner));
  earlier = buffers.scratch + inner_scratch_;
  for (size_t i = 0; i < shapes_.size(); earlier += AlignUp(shapes_[i].NumBytes()), ++i) {
    BATON_RETURN_IF_ERROR(SumOver(*buffers.members, stream, shapes_[i], own_gradients_[i]));
    BATON_RETURN_IF_ERROR(backend_.Add(stream, shapes_[i], earlier, own_gradients_[i], own_gradients_[i]));
  }
  return absl::OkStatus();
}

}  // namespace baton
