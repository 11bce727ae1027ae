// Maps the buffers to the inner layer's and runs its Forward a second time.
#include "ops/layers/recomputed.h"

namespace baton {

Footprint Recomputed::footprint() const {
  const Footprint inner = inner_->footprint();
  Footprint own;
  own.stash = inner.stash;
  own.scratch = OutputBytes() + inner.scratch;
  own.recomputed = inner.saved;
  own.recomputed_weight = inner.saved_weight;
  return own;
}

PassBuffers Recomputed::ToInner(const PassBuffers& buffers) const {
  PassBuffers inner = buffers;
  inner.saved = buffers.recomputed;
  inner.saved_weight = buffers.recomputed_weight;
  inner.recomputed = inner.recomputed_weight = nullptr;
  if (buffers.scratch != nullptr) inner.scratch = buffers.scratch + OutputBytes();
  return inner;
}

absl::Status Recomputed::Recompute(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = ToInner(buffers);
  if (inner.output == nullptr && OutputBytes() > 0) {
    const Footprint made = footprint();
    if (made.recomputed + made.recomputed_weight == 0) return absl::OkStatus();
    inner.output = buffers.scratch;
  }
  return inner_->Forward(stream, inner);
}

}  // namespace baton
