// Initial values of parameters. Used by runtime/train and profiling through ParameterSource, and by tests.
//
//   InitialValues source(/*seed=*/1, /*num_threads=*/8);
//   BATON_RETURN_IF_ERROR(source.Read(spec, values));
#ifndef BATON_OPS_MODELS_INITIALIZE_H_
#define BATON_OPS_MODELS_INITIALIZE_H_

#include <cstdint>
#include <string_view>

#include "ops/layers/layer.h"
#include "ops/layers/parameter_source.h"

namespace baton {

// Draws each parameter by its own initializer. Element i depends on (seed, name, i) and the initializer alone: neither
// the split, the schedule, the number of threads nor the machine changes it.
// Source: Philox4x32-10 (Salmon et al. 2011) with the seed as key and the hash of the name and i as counter; normal
// values by Box and Muller.
class InitialValues final : public ParameterSource {
 public:
  // Up to `num_threads` (at least 1) draw at once; small parameters are drawn on the calling thread.
  InitialValues(uint64_t seed, int num_threads) : seed_(seed), num_threads_(num_threads) {}

  // Errors: Internal if the parameter's type is not f32.
  absl::Status Read(const ParameterSpec& spec, absl::Span<std::byte> values) override;

 private:
  const uint64_t seed_;
  const int num_threads_;
};

// The same values on the calling thread. values: [num_elements] f32.
void InitializeParameter(uint64_t seed, std::string_view name, const Initializer& initializer, int64_t num_elements,
                         float* values);

// FNV-1a of 64 bits: the same on every machine and in every version, unlike std::hash.
uint64_t StableHash(std::string_view text);

}  // namespace baton

#endif  // BATON_OPS_MODELS_INITIALIZE_H_
