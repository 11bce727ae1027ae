// Causal attention on the host. Used only by HostBackend.
#ifndef BATON_OPS_HOST_ATTENTION_H_
#define BATON_OPS_HOST_ATTENTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: AttentionInfo's.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostAttention(const AttentionSpec& spec, const Shape& input, int threads);

}  // namespace baton

#endif  // BATON_OPS_HOST_ATTENTION_H_
