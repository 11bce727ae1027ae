// Both branches' passes, one after the other, and one addition behind them.
#include "ops/layers/shortcut_residual.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

std::byte* At(std::byte* region, Bytes offset) { return region == nullptr ? nullptr : region + offset; }

}  // namespace

absl::StatusOr<std::unique_ptr<ShortcutResidual>> ShortcutResidual::Create(const Backend& backend,
                                                                           std::unique_ptr<Layer> inner,
                                                                           std::unique_ptr<Layer> shortcut) {
  if (inner->output_shape() != shortcut->output_shape() || inner->output_shape().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("residual: the layers' output ", inner->output_shape().ToString(),
                                                   " cannot be added to the shortcut's ",
                                                   shortcut->output_shape().ToString()));
  }
  return std::unique_ptr<ShortcutResidual>(new ShortcutResidual(backend, std::move(inner), std::move(shortcut)));
}

std::vector<ParameterSpec> ShortcutResidual::parameters() const {
  std::vector<ParameterSpec> all = inner_->parameters();
  for (ParameterSpec& parameter : shortcut_->parameters()) all.push_back(std::move(parameter));
  return all;
}

InputUse ShortcutResidual::input_use() const { return std::max(inner_->input_use(), shortcut_->input_use()); }

Bytes ShortcutResidual::TensorBytes() const {
  return std::max(AlignUp(input_shape().NumBytes()), AlignUp(output_shape().NumBytes()));
}

Footprint ShortcutResidual::footprint() const {
  const Footprint inner = inner_->footprint(), shortcut = shortcut_->footprint();
  Footprint both;
  both.saved = inner.saved + shortcut.saved;
  both.saved_weight = inner.saved_weight + shortcut.saved_weight;
  both.stash = inner.stash + shortcut.stash;
  both.recomputed = inner.recomputed + shortcut.recomputed;
  both.recomputed_weight = inner.recomputed_weight + shortcut.recomputed_weight;
  both.scratch = TensorBytes() + std::max(inner.scratch, shortcut.scratch);
  return both;
}

LayerFlops ShortcutResidual::flops() const {
  const LayerFlops inner = inner_->flops(), shortcut = shortcut_->flops();
  return {inner.forward + shortcut.forward + output_shape().NumElements(),
          inner.backward_input + shortcut.backward_input + input_shape().NumElements(),
          inner.backward_weight + shortcut.backward_weight};
}

void ShortcutResidual::BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) {
  const size_t of_inner = inner_->parameters().size();
  inner_->BindParameters({values.begin(), values.begin() + of_inner},
                         {gradients.begin(), gradients.begin() + of_inner});
  shortcut_->BindParameters({values.begin() + of_inner, values.end()}, {gradients.begin() + of_inner, gradients.end()});
}

void ShortcutResidual::Freeze(const std::vector<bool>& frozen) {
  const auto of_shortcut = frozen.begin() + static_cast<std::ptrdiff_t>(inner_->parameters().size());
  inner_->Freeze({frozen.begin(), of_shortcut});
  shortcut_->Freeze({of_shortcut, frozen.end()});
}

PassBuffers ShortcutResidual::ToInner(const PassBuffers& buffers) const {
  PassBuffers own = buffers;
  own.scratch = At(buffers.scratch, TensorBytes());
  return own;
}

PassBuffers ShortcutResidual::ToShortcut(const PassBuffers& buffers) const {
  const Footprint inner = inner_->footprint();
  PassBuffers own = ToInner(buffers);
  own.saved = At(buffers.saved, inner.saved);
  own.saved_weight = At(buffers.saved_weight, inner.saved_weight);
  own.stash = At(buffers.stash, inner.stash);
  own.recomputed = At(buffers.recomputed, inner.recomputed);
  own.recomputed_weight = At(buffers.recomputed_weight, inner.recomputed_weight);
  return own;
}

absl::Status ShortcutResidual::Forward(KernelStream stream, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(inner_->Forward(stream, ToInner(buffers)));
  PassBuffers shortcut = ToShortcut(buffers);
  shortcut.output = buffers.scratch;
  BATON_RETURN_IF_ERROR(shortcut_->Forward(stream, shortcut));
  return backend_.Add(stream, output_shape(), buffers.output, buffers.scratch, buffers.output);
}

absl::Status ShortcutResidual::Recompute(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = ToInner(buffers), shortcut = ToShortcut(buffers);
  inner.output = shortcut.output = nullptr;
  BATON_RETURN_IF_ERROR(inner_->Recompute(stream, inner));
  return shortcut_->Recompute(stream, shortcut);
}

absl::Status ShortcutResidual::BackwardInput(KernelStream stream, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(inner_->BackwardInput(stream, ToInner(buffers)));
  PassBuffers shortcut = ToShortcut(buffers);
  if (buffers.grad_input != nullptr) shortcut.grad_input = buffers.scratch;
  BATON_RETURN_IF_ERROR(shortcut_->BackwardInput(stream, shortcut));
  if (buffers.grad_input == nullptr) return absl::OkStatus();
  return backend_.Add(stream, input_shape(), buffers.grad_input, buffers.scratch, buffers.grad_input);
}

absl::Status ShortcutResidual::BackwardWeight(KernelStream stream, const PassBuffers& buffers) {
  BATON_RETURN_IF_ERROR(inner_->BackwardWeight(stream, ToInner(buffers)));
  return shortcut_->BackwardWeight(stream, ToShortcut(buffers));
}

}  // namespace baton
