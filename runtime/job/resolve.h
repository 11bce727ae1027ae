// From what a user wrote to a job that can be built: every default filled in, every limit checked. Used by tools/baton
// before anything else looks at a job; plan, models and training rely on what is promised here.
#ifndef BATON_RUNTIME_JOB_RESOLVE_H_
#define BATON_RUNTIME_JOB_RESOLVE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// Limits that keep every product of sizes far from 2^63.
inline constexpr int64_t kMaxLayers = 4096;
inline constexpr int64_t kMaxWidth = int64_t{1} << 20;              // of a linear layer
inline constexpr int64_t kMaxParameters = int64_t{1} << 40;         // of the whole model
inline constexpr int64_t kMaxElementsPerTensor = int64_t{1} << 40;  // of one micro-batch, attention scores included
inline constexpr int64_t kMaxClusterElements = int64_t{1} << 28;    // examples · features

// The job with defaults (proto/job.proto) in place of whatever is unset. Afterwards each optional scalar of the parts
// that apply is set; exactly one of model.gpt2, model.mlp and model.layer; data.source; optimizer.adamw; exactly one of
// pipeline.split.balanced and pipeline.split.layers; devices.count equals pipeline.stages; the data fits the model.
//
// Not checked here: whether the backend is there (Unavailable, by whoever makes devices), and files (TextDataset).
// Errors: InvalidArgument that names the field, its value and what is allowed.
absl::StatusOr<proto::Job> ResolveJob(proto::Job job);

// Of a resolved job.
// Layers that a split cuts between.
int64_t NumLayers(const proto::Job& job);
// Features of one example; 0 for a model of tokens.
int64_t NumFeatures(const proto::Job& job);
// Classes of the loss; the vocabulary for a model of tokens.
int64_t NumClasses(const proto::Job& job);
// Chunks that the layers are cut into.
int64_t NumChunks(const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_H_
