// Defaults and limits of one layer of a list. Used by resolve_layer_list.cc.
#ifndef BATON_RUNTIME_JOB_RESOLVE_LISTED_LAYER_H_
#define BATON_RUNTIME_JOB_RESOLVE_LISTED_LAYER_H_

#include <string>

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/job/layer_shapes.h"
#include "runtime/job/model_sizes.h"

namespace baton {

// Fills the defaults of `layer`, which is no residual, checks its limits and that it reads `shape`, and adds its sizes,
// without those of its result. `path`: of the layer in the job. Errors: InvalidArgument that names the field.
absl::Status ResolveListedLayer(const std::string& path, proto::Layer& layer, const ExampleShape& shape,
                                ModelSizes& sizes);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_RESOLVE_LISTED_LAYER_H_
