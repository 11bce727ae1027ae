// Initial values from Philox, keyed by seed and parameter name.
#include "ops/models/initialize.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

r123::Philox4x32::ctr_type Draw(uint64_t seed, uint64_t name_hash, uint64_t index) {
  const auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  const auto high = [](uint64_t value) { return static_cast<uint32_t>(value >> 32); };
  return r123::Philox4x32{}({{low(index), high(index), low(name_hash), high(name_hash)}}, {{low(seed), high(seed)}});
}

// In (0, 1): the middle of one of 2³² equal parts.
double Uniform(uint32_t word) { return (word + 0.5) * (1.0 / 4294967296.0); }

// A thread costs about as much as drawing a thousand elements.
constexpr int64_t kMinElementsPerThread = 1 << 15;

// Draws the elements [begin, end) of a parameter; `values` is that of element 0.
void DrawElements(uint64_t seed, uint64_t name_hash, const Initializer& initializer, int64_t begin, int64_t end,
                  float* values) {
  constexpr double kTwoPi = 6.283185307179586;
  switch (initializer.kind) {
    case Initializer::Kind::kZeros:
      std::fill(values + begin, values + end, 0.0f);
      return;
    case Initializer::Kind::kOnes:
      std::fill(values + begin, values + end, 1.0f);
      return;
    case Initializer::Kind::kNormal:
      for (int64_t i = begin; i < end; ++i) {
        const auto words = Draw(seed, name_hash, i);
        const double normal = std::sqrt(-2 * std::log(Uniform(words[0]))) * std::cos(kTwoPi * Uniform(words[1]));
        values[i] = static_cast<float>(initializer.scale * normal);
      }
      return;
    case Initializer::Kind::kUniform:
      for (int64_t i = begin; i < end; ++i) {
        values[i] = static_cast<float>(initializer.scale * (2 * Uniform(Draw(seed, name_hash, i)[0]) - 1));
      }
      return;
  }
}

}  // namespace

uint64_t StableHash(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

void InitializeParameter(uint64_t seed, std::string_view name, const Initializer& initializer, int64_t num_elements,
                         float* values) {
  DrawElements(seed, StableHash(name), initializer, 0, num_elements, values);
}

absl::Status InitialValues::Read(const ParameterSpec& spec, absl::Span<std::byte> values) {
  if (spec.shape.type() != DataType::kFloat32) {
    return absl::InternalError(absl::StrCat("parameter ", spec.name, " is ", spec.shape.ToString(), ", not f32"));
  }
  const int64_t count = spec.shape.NumElements();
  const uint64_t name_hash = StableHash(spec.name);
  float* const elements = reinterpret_cast<float*>(values.data());
  const int64_t num_parts = std::clamp<int64_t>(count / kMinElementsPerThread, 1, num_threads_);
  const auto draw = [&](int64_t part) {
    DrawElements(seed_, name_hash, spec.initializer, part * count / num_parts, (part + 1) * count / num_parts,
                 elements);
  };
  std::vector<std::thread> threads;
  for (int64_t part = 1; part < num_parts; ++part) threads.emplace_back(draw, part);
  draw(0);
  for (std::thread& thread : threads) thread.join();
  return absl::OkStatus();
}

}  // namespace baton
