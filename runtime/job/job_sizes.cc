// Numbers of layers, features, classes and chunks of a resolved job.
#include "runtime/job/resolve.h"

namespace baton {

int64_t NumLayers(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().layers();
  return model.has_mlp() ? model.mlp().sizes_size() - 1 : model.layer_size();
}

int64_t NumFeatures(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return 0;
  return model.has_mlp() ? model.mlp().sizes(0) : model.inputs();
}

int64_t NumClasses(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().vocabulary();
  if (model.has_mlp()) return model.mlp().sizes(model.mlp().sizes_size() - 1);
  // Only linear layers change the width; a residual keeps it.
  for (int i = model.layer_size() - 1; i >= 0; --i) {
    if (model.layer(i).has_linear()) return model.layer(i).linear().outputs();
  }
  return model.inputs();
}

int64_t NumChunks(const proto::Job& job) {
  return int64_t{job.pipeline().stages()} * job.pipeline().chunks_per_device();
}

}  // namespace baton
