// The random numbers of dropout: counter-based, so that the mask of an element depends on the layer's name, the run's
// seed, the step, the sequence and the element's place in it alone. Splits, schedules, the size of micro-batches and
// recomputation do not change it. Used by the dropout layers of all backends.
//
// Source: Philox4x32-10 (Salmon et al. 2011). Key: the layer's name and the seed. Counter: the number of the block of
// four elements, the sequence and the step.
#ifndef BATON_OPS_LAYERS_DROPOUT_MASK_H_
#define BATON_OPS_LAYERS_DROPOUT_MASK_H_

#include <Random123/philox.h>

#include <cstdint>
#include <string_view>

#include "base/host_device_function.h"
#include "ops/tensor/pass_buffers.h"

namespace baton {

// The elements that one draw decides on.
inline constexpr int kDropoutBlock = 4;

// FNV-1a of 64 bits.
inline uint64_t DropoutNameHash(std::string_view name) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// Elements whose word is below this are dropped.
inline uint64_t DropoutThreshold(double probability) { return static_cast<uint64_t>(probability * 4294967296.0); }

// The words of elements 4 · block … 4 · block + 3 of a sequence. `sequence`: its number in the step's batch.
BATON_HOST_DEVICE inline r123::Philox4x32::ctr_type DropoutWords(uint64_t name_hash, const StepContext& step,
                                                                 int64_t sequence, int64_t block) {
  const uint64_t key = name_hash ^ (step.seed * 0x9E3779B97F4A7C15u);
  const r123::Philox4x32::ctr_type counter = {{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                               static_cast<uint32_t>(sequence), static_cast<uint32_t>(step.step)}};
  const r123::Philox4x32::key_type words = {{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}};
  return r123::Philox4x32{}(counter, words);
}

// True if passes draw a mask at all.
inline bool Drops(const PassBuffers& buffers) { return buffers.step != nullptr && buffers.step->training; }

}  // namespace baton

#endif  // BATON_OPS_LAYERS_DROPOUT_MASK_H_
