// The first places of a shuffle are those chosen.
#include "runtime/data/masked.h"

#include "ops/layers/token_ids.h"
#include "runtime/data/random.h"
#include "runtime/data/sequence_order.h"

namespace baton {
namespace {

// Numbers of held-out sequences, apart from those of training.
constexpr uint64_t kHeldOut = uint64_t{1} << 63;

// The seed of the shuffle of places, apart from that of the order of sequences.
uint64_t PlacesSeed(uint64_t seed) { return RandomBits(seed, RandomPurpose::kMaskedPlaces, 0, 0); }

}  // namespace

void MaskedDataset::Mask(uint64_t number, int32_t* inputs, int32_t* targets) const {
  const int64_t tokens = num_targets();
  const uint64_t places = PlacesSeed(options_.seed);
  // Targets that stay are marked first: a token that is chosen becomes its own complement, which is negative.
  for (int64_t i = 0; i < options_.chosen; ++i) {
    const int64_t place = ShuffledIndex(i, tokens, places, number);
    if (targets != nullptr) targets[place] = ~targets[place];
    if (inputs == nullptr) continue;
    const uint64_t at = static_cast<uint64_t>(place);
    const double draw =
        static_cast<double>(RandomBits(options_.seed, RandomPurpose::kMaskedTokens, number, 2 * at) >> 11) * 0x1p-53;
    if (draw < options_.masked) {
      inputs[place] = options_.mask_token;
    } else if (draw < options_.masked + options_.random) {
      inputs[place] = static_cast<int32_t>(
          RandomBelow(options_.vocabulary, options_.seed, RandomPurpose::kMaskedTokens, number, 2 * at + 1));
    }
  }
  for (int64_t i = 0; targets != nullptr && i < tokens; ++i) targets[i] = targets[i] < 0 ? ~targets[i] : kIgnoredTarget;
}

void MaskedDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                                 int32_t* targets) const {
  const uint64_t first = static_cast<uint64_t>(batches_.SequencesBefore(step) + first_sequence);
  int32_t* tokens = reinterpret_cast<int32_t*>(inputs);
  if (tokens != nullptr) tokens_->FillTraining(step, first_sequence, count, inputs, nullptr);
  // The targets begin as the tokens themselves, not as those that follow.
  if (targets != nullptr) {
    tokens_->FillTraining(step, first_sequence, count, reinterpret_cast<std::byte*>(targets), nullptr);
  }
  for (int64_t i = 0; i < count; ++i) {
    Mask(first + static_cast<uint64_t>(i), tokens == nullptr ? nullptr : tokens + i * num_targets(),
         targets == nullptr ? nullptr : targets + i * num_targets());
  }
}

void MaskedDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  int32_t* tokens = reinterpret_cast<int32_t*>(inputs);
  if (tokens != nullptr) tokens_->FillHeldOut(first_sequence, count, inputs, nullptr);
  if (targets != nullptr) {
    tokens_->FillHeldOut(first_sequence, count, reinterpret_cast<std::byte*>(targets), nullptr);
  }
  for (int64_t i = 0; i < count; ++i) {
    Mask(kHeldOut + static_cast<uint64_t>(first_sequence + i), tokens == nullptr ? nullptr : tokens + i * num_targets(),
         targets == nullptr ? nullptr : targets + i * num_targets());
  }
}

}  // namespace baton
