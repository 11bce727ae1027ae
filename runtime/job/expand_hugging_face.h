// The part of ResolveJob that replaces a folder of Hugging Face by the model in it. Used by resolve.cc, and by
// runtime/inference to know the model of a folder before its data.
#ifndef BATON_RUNTIME_JOB_EXPAND_HUGGING_FACE_H_
#define BATON_RUNTIME_JOB_EXPAND_HUGGING_FACE_H_

#include "absl/status/status.h"
#include "proto/job.pb.h"

namespace baton {

// Reads model.hugging_face's config.json, if it is set, and sets the model's kind and, for stored weights,
// run.initial_weights. Clears model.hugging_face and model.weights. Errors: InvalidArgument.
absl::Status ExpandHuggingFace(proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_EXPAND_HUGGING_FACE_H_
