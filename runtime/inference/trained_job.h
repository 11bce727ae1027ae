// From a folder to a job with trained parameters. Used by the commands that use a model.
#ifndef BATON_RUNTIME_INFERENCE_TRAINED_JOB_H_
#define BATON_RUNTIME_INFERENCE_TRAINED_JOB_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

// The purpose for which the model of a folder is loaded.
enum class ModelUse {
  kDescribe,  // its layers; needs no data
  kEvaluate,  // its loss on data
  kGenerate,  // text that goes on; needs no data
};

// The resolved job of a model that was trained; run.initial_weights names its parameters. `folder` is
//   - the output folder of a run: job.textproto with weights.safetensors, or with checkpoints, of which the newest
//     sound one is taken,
//   - one checkpoint,
//   - or a Hugging Face folder: config.json and weights. Its data, which evaluation needs, come from `overrides`; its
//     tokenizer is that of the folder, if it has one.
// `overrides`: as --set takes them. `log` gets lines for people about damaged checkpoints. Errors: NotFound "DIR: …" if
// the folder is none of these; InvalidArgument for a job or override that is wrong, or a model that cannot be used so;
// those of Checkpoint::Open.
absl::StatusOr<proto::Job> LoadTrainedJob(const std::string& folder, ModelUse use,
                                          const std::vector<std::string>& overrides,
                                          const std::function<void(const std::string&)>& log);

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_TRAINED_JOB_H_
