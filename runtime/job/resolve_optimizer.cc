// Defaults and limits of a job's optimizer.
#include "runtime/job/resolve_optimizer.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"

namespace baton {

absl::Status ResolveOptimizer(proto::Optimizer& optimizer) {
  proto::AdamW& adamw = *optimizer.mutable_adamw();
  if (!adamw.has_learning_rate()) adamw.set_learning_rate(1e-3);
  if (!adamw.has_weight_decay()) adamw.set_weight_decay(0.01);
  if (!adamw.has_beta1()) adamw.set_beta1(0.9);
  if (!adamw.has_beta2()) adamw.set_beta2(0.999);
  if (!adamw.has_epsilon()) adamw.set_epsilon(1e-8);
  if (!adamw.has_decay()) adamw.set_decay("");
  if (!optimizer.has_clip_norm()) optimizer.set_clip_norm(0);
  if (!optimizer.has_warmup_steps()) optimizer.set_warmup_steps(0);
  if (!optimizer.has_decay()) optimizer.set_decay(proto::Optimizer::CONSTANT);
  if (!optimizer.has_min_ratio()) optimizer.set_min_ratio(0.1);
  BATON_RETURN_IF_ERROR(CheckPositive("optimizer.adamw.learning_rate", adamw.learning_rate(), 1000));
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.adamw.weight_decay", adamw.weight_decay(), 0, 1000));
  BATON_RETURN_IF_ERROR(CheckFraction("optimizer.adamw.beta1", adamw.beta1()));
  BATON_RETURN_IF_ERROR(CheckFraction("optimizer.adamw.beta2", adamw.beta2()));
  BATON_RETURN_IF_ERROR(CheckPositive("optimizer.adamw.epsilon", adamw.epsilon(), 1));
  if (adamw.decay().size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("optimizer.adamw.decay: ", adamw.decay().size(), " characters must be at most 4096"));
  }
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.clip_norm", optimizer.clip_norm(), 0, 1e30));
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.min_ratio", optimizer.min_ratio(), 0, 1));
  BATON_RETURN_IF_ERROR(CheckRange("optimizer.warmup_steps", optimizer.warmup_steps(), 0, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Optimizer::Decay>("optimizer.decay", optimizer.decay()));
  return absl::OkStatus();
}

}  // namespace baton
