// Fills a job's defaults and checks its limits. Used by every command right after the job is read; planning, models and
// training rely on what ResolveJob guarantees.
//
//   BATON_ASSIGN_OR_RETURN(proto::Job job, ReadJob(path));
//   BATON_RETURN_IF_ERROR(ApplyOverride(job, "pipeline.stages=4"));
//   BATON_ASSIGN_OR_RETURN(job, ResolveJob(std::move(job)));
#ifndef BATON_RUNTIME_JOB_RESOLVE_H_
#define BATON_RUNTIME_JOB_RESOLVE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// Limits that keep every product of sizes far from 2^63.
inline constexpr int64_t kMaxLayers = 4096;
inline constexpr int64_t kMaxWidth = int64_t{1} << 20;              // of a linear layer
inline constexpr int64_t kMaxParameters = int64_t{1} << 40;         // of the whole model
inline constexpr int64_t kMaxElementsPerTensor = int64_t{1} << 40;  // of one micro-batch, attention scores included
inline constexpr int64_t kMaxClusterElements = int64_t{1} << 28;    // examples · features

// Sets every unset field to its default (proto/job.proto). Afterwards these hold: each optional scalar of the parts
// that apply is set; exactly one kind of model, or model.layer, is set; data.source and optimizer.adamw are
// set; model.hugging_face is replaced by the kind that its config.json describes, the one file that is read here;
// exactly one of pipeline.split.balanced and pipeline.split.layers is set; devices.count equals NumDevices;
// the data fits the model.
//
// Not checked here: whether this machine has the backend (see MakeDevices), and files (see MakeDataset).
// Errors: InvalidArgument that names the field, its value and what is allowed.
absl::StatusOr<proto::Job> ResolveJob(proto::Job job);

// The functions below expect a resolved job.

// The name of the model's field in job.proto: "gpt2", "mlp", …; "layer" for a list.
std::string ModelKindOf(const proto::Job& job);
// The name of the source's field in job.proto: "text", "tokens", "images" or "clusters"; empty where none is set.
std::string DataSourceOf(const proto::Data& data);
// Whether the model begins with tokens; otherwise it begins with features.
bool ReadsTokens(const proto::Job& job);
// Whether the model predicts masked tokens, instead of the tokens that follow.
bool IsMaskedModel(const proto::Job& job);
// The number of different tokens; 0 for a model of features.
int64_t VocabularyOf(const proto::Job& job);
// The tokens of the longest sequence that the model takes; 0 for a model of features.
int64_t LongestContextOf(const proto::Job& job);
// The tokens of a sequence of this job, at most LongestContextOf; 0 for a model of features.
int64_t ContextOf(const proto::Job& job);
// The tokens of a sequence that are masked and predicted: data.masking.probability of them, rounded, but at least 1.
// The same number in each sequence, so that the rows with a loss are a fixed number. 0 for models that predict all
// tokens.
int64_t MaskedTokensOf(const proto::Job& job);
// The image that the model reads; null if its features are no image.
const proto::Image* ImageOf(const proto::Job& job);
// The number of layers that a split cuts between.
int64_t NumLayers(const proto::Job& job);
// The number of features of one example; 0 for a model of tokens.
int64_t NumFeatures(const proto::Job& job);
// The number of classes of the loss; the vocabulary for a model of tokens.
int64_t NumClasses(const proto::Job& job);
// The number of chunks that the layers are split into.
int64_t NumChunks(const proto::Job& job);
// The number of devices: a pipeline's stages times its replicas.
int NumDevices(const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_H_
