// Softmax in double precision, and a counter-based random number for each position.
#include "runtime/inference/sampling.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// In [0, 1), with 53 bits. The upper half of the key keeps it apart from other random numbers of Baton.
double Uniform(uint64_t seed, int64_t position) {
  const r123::Philox4x64::ctr_type counter = {{static_cast<uint64_t>(position), 0, 0, 0}};
  const r123::Philox4x64::key_type key = {{seed, uint64_t{0x73616d70} << 32}};
  return static_cast<double>(r123::Philox4x64()(counter, key)[0] >> 11) * 0x1p-53;
}

// The most probable tokens whose weights sum to at least top_p of the whole, the most probable first.
std::vector<int32_t> Nucleus(const std::vector<double>& weights, double top_p) {
  std::vector<int32_t> ids(weights.size());
  std::iota(ids.begin(), ids.end(), 0);
  if (top_p >= 1) return ids;
  std::stable_sort(ids.begin(), ids.end(), [&](int32_t a, int32_t b) { return weights[a] > weights[b]; });
  const double enough = top_p * std::accumulate(weights.begin(), weights.end(), 0.0);
  double sum = 0;
  size_t count = 0;
  while (count < ids.size() && (count == 0 || sum < enough)) sum += weights[ids[count++]];
  ids.resize(count);
  return ids;
}

}  // namespace

absl::Status CheckSampling(const SamplingOptions& options) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature)) {
    return absl::InvalidArgumentError(absl::StrCat("--temperature: ", options.temperature, " is not at least 0"));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--top-p: ", options.top_p, " is not above 0 and at most 1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int32_t> ChooseToken(absl::Span<const float> logits, const SamplingOptions& options, int64_t position) {
  BATON_RETURN_IF_ERROR(CheckSampling(options));
  float largest = -std::numeric_limits<float>::infinity();
  int32_t most_probable = 0;
  for (size_t id = 0; id < logits.size(); ++id) {
    if (std::isnan(logits[id])) return absl::FailedPreconditionError("the model's logits are not finite");
    if (logits[id] <= largest) continue;
    largest = logits[id];
    most_probable = static_cast<int32_t>(id);
  }
  if (!std::isfinite(largest)) return absl::FailedPreconditionError("the model's logits are not finite");
  if (options.temperature == 0) return most_probable;
  std::vector<double> weights;
  for (const float logit : logits) {
    // The largest one first: its difference is 0, which no temperature turns into NaN.
    weights.push_back(logit == largest ? 1.0 : std::exp((double{logit} - largest) / options.temperature));
  }
  const std::vector<int32_t> ids = Nucleus(weights, options.top_p);
  double total = 0;
  for (const int32_t id : ids) total += weights[id];
  double left = Uniform(options.seed, position) * total;
  for (const int32_t id : ids) {
    left -= weights[id];
    if (left < 0) return id;
  }
  return most_probable;  // by rounding alone
}

}  // namespace baton
