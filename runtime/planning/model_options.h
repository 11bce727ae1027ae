// A job's model messages as options of ops/models. Used by job_model.cc.
#ifndef BATON_RUNTIME_PLANNING_MODEL_OPTIONS_H_
#define BATON_RUNTIME_PLANNING_MODEL_OPTIONS_H_

#include <cstdint>
#include <optional>

#include "ops/models/bert/bert.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/layer_list.h"
#include "ops/models/llama/llama.h"
#include "ops/models/resnet/resnet.h"
#include "ops/models/vit/vit.h"
#include "proto/job.pb.h"

namespace baton {

// None for NONE.
std::optional<ActivationKind> ToActivation(proto::Activation activation);

// The messages are those of a resolved job. `context`: tokens of a sequence; 0 for models of features.
LayerListOptions ToLayerListOptions(const proto::Model& model, int64_t context);
Gpt2Options ToGpt2Options(const proto::Model& model, int64_t context);
LlamaOptions ToLlamaOptions(const proto::Model& model, int64_t context);
VitOptions ToVitOptions(const proto::Model& model);
ResnetOptions ToResnetOptions(const proto::Resnet& resnet);
// `predicted`: tokens of a sequence that are masked.
BertOptions ToBertOptions(const proto::Model& model, int64_t context, int64_t predicted);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_MODEL_OPTIONS_H_
