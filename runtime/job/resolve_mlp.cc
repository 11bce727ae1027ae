// Defaults and limits of mlp.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"

namespace baton {

absl::Status ResolveMlp(proto::Mlp& mlp, ModelSizes& sizes) {
  if (mlp.sizes_size() < 2 || mlp.sizes_size() > kMaxLayers + 1) {
    return absl::InvalidArgumentError(absl::StrCat("model.mlp.sizes: ", mlp.sizes_size(), " sizes must be from 2 to ",
                                                   kMaxLayers + 1, " (input, hidden layers, classes)"));
  }
  for (int i = 0; i < mlp.sizes_size(); ++i) {
    const bool is_last = i + 1 == mlp.sizes_size();
    BATON_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("model.mlp.sizes[", i, "]"), mlp.sizes(i), is_last ? 2 : 1, kMaxWidth));
    sizes.widest = std::max(sizes.widest, static_cast<double>(mlp.sizes(i)));
    if (i > 0) sizes.parameters += (static_cast<double>(mlp.sizes(i - 1)) + 1) * mlp.sizes(i);
  }
  if (!mlp.has_activation()) mlp.set_activation(proto::RELU);
  return CheckEnum<proto::Activation>("model.mlp.activation", mlp.activation());
}

}  // namespace baton
