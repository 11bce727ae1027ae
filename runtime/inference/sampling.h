// The choice of the next token from logits. Used by generation.
#ifndef BATON_RUNTIME_INFERENCE_SAMPLING_H_
#define BATON_RUNTIME_INFERENCE_SAMPLING_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace baton {

struct SamplingOptions {
  double temperature = 1;  // at least 0; 0: the most probable token, of equals the one with the lowest id
  // Above 0, at most 1. Only the most probable tokens are drawn from, the fewest whose probabilities sum to top_p at
  // least; of equals those with the lowest ids first (Holtzman et al. 2020, "nucleus sampling").
  double top_p = 1;
  uint64_t seed = 1;
};

// Returns the id of the token at `position` of a sequence, from 0, drawn from softmax(logits / temperature). The same
// logits, seed and position give the same token. logits: [vocabulary], at least one. Errors: InvalidArgument for
// options out of their range; FailedPrecondition if a logit is NaN or +infinity, or all are −infinity.
absl::StatusOr<int32_t> ChooseToken(absl::Span<const float> logits, const SamplingOptions& options, int64_t position);

// Errors: InvalidArgument that names the option of the command line.
absl::Status CheckSampling(const SamplingOptions& options);

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_SAMPLING_H_
