// The parts of resolve_model.cc that each kind of model has: its defaults, limits and sizes. Used by resolve_model.cc.
#ifndef BATON_RUNTIME_JOB_MODEL_SIZES_H_
#define BATON_RUNTIME_JOB_MODEL_SIZES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace baton {

// Sums and maxima over the layers. Doubles, since these may exceed 2^63 before they are refused.
struct ModelSizes {
  double parameters = 0;
  double widest = 0;  // elements of the largest tensor of one sequence or example
};

// Each fills the defaults of one kind, checks its limits and adds up its sizes. `sequence`: tokens of a sequence.
absl::Status ResolveGpt2(int64_t sequence, proto::Gpt2& gpt2, ModelSizes& sizes);
absl::Status ResolveLlama(int64_t sequence, proto::Llama& llama, ModelSizes& sizes);
absl::Status ResolveBert(int64_t sequence, proto::Bert& bert, ModelSizes& sizes);
absl::Status ResolveVit(proto::Vit& vit, ModelSizes& sizes);
absl::Status ResolveResnet(proto::Resnet& resnet, ModelSizes& sizes);
absl::Status ResolveMlp(proto::Mlp& mlp, ModelSizes& sizes);
// `model` has at least one `layer`.
absl::Status ResolveLayerList(int64_t sequence, proto::Model& model, ModelSizes& sizes);

// Fills the defaults of an image and checks its limits.
absl::Status ResolveImage(absl::string_view field, proto::Image& image);
// OK if part divides whole. Errors: InvalidArgument with both fields.
absl::Status CheckDivides(absl::string_view part_field, int64_t part, absl::string_view whole_field, int64_t whole);
// Fills the defaults of rotary positions and checks their limits.
absl::Status ResolveRotary(absl::string_view field, proto::Rotary& rotary);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_MODEL_SIZES_H_
