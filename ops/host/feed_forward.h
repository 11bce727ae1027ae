// Linear, activation and linear as one layer. Used only by HostBackend.
#ifndef BATON_OPS_HOST_FEED_FORWARD_H_
#define BATON_OPS_HOST_FEED_FORWARD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/host/host_options.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: LinearInfo's; Internal if oneDNN fails.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostFeedForward(const LinearSpec& first, ActivationKind activation,
                                                             const LinearSpec& second, const Shape& input,
                                                             const HostOptions& options);

}  // namespace baton

#endif  // BATON_OPS_HOST_FEED_FORWARD_H_
