// The factor by which gradient clipping multiplies gradients. Used by every backend's optimizer.
#ifndef BATON_OPS_OPTIMIZER_CLIP_SCALE_H_
#define BATON_OPS_OPTIMIZER_CLIP_SCALE_H_

namespace baton {

// min(1, clip_norm / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_ does, where `norm` is the L2 norm over all
// gradients. 1 if clip_norm is 0, which turns clipping off. A NaN norm gives NaN and an infinite norm 0, as in torch.
inline constexpr double ClipScale(double clip_norm, double norm) {
  if (clip_norm == 0) return 1.0;
  const double scale = clip_norm / (norm + 1e-6);
  return scale > 1.0 ? 1.0 : scale;
}

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_CLIP_SCALE_H_
