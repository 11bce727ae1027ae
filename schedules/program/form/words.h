// The names of enum values in the text form. Used by text.cc.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_WORDS_H_
#define BATON_SCHEDULES_PROGRAM_FORM_WORDS_H_

#include <iterator>

#include "schedules/program/program.h"

namespace baton {

// Each array is in the order of its enum.
inline constexpr const char* kDataKindWords[] = {"inputs", "targets"};
inline constexpr const char* kPayloadWords[] = {"activation", "gradient"};
inline constexpr const char* kReduceKindWords[] = {"tied_gradient",  "gradient_norm",  "replica_gradient",
                                                   "sharded_update", "shard_gradient", "tied_shards"};
static_assert(std::size(kReduceKindWords) == kNumReduceKinds);
inline constexpr const char* kSlotKindWords[] = {"input",        "targets",          "output",     "saved",
                                                 "saved_weight", "grad_output",      "grad_input", "stash",
                                                 "recomputed",   "recomputed_weight"};
static_assert(std::size(kSlotKindWords) == kNumSlotKinds);

inline const char* const* WordsOf(DataKind) { return kDataKindWords; }
inline const char* const* WordsOf(Payload) { return kPayloadWords; }

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_WORDS_H_
