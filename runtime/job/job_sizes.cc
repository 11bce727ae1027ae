// Numbers of layers, features, classes, tokens and chunks of a resolved job. The one place that knows which kinds of
// models read what.
#include <algorithm>
#include <cmath>

#include "google/protobuf/descriptor.h"
#include "runtime/job/resolve.h"

namespace baton {

std::string ModelKindOf(const proto::Job& job) {
  const auto* kind = proto::Model::descriptor()->FindOneofByName("kind");
  const auto* field = job.model().GetReflection()->GetOneofFieldDescriptor(job.model(), kind);
  return field == nullptr ? "layer" : field->name();
}

std::string DataSourceOf(const proto::Data& data) {
  const auto* source = proto::Data::descriptor()->FindOneofByName("source");
  const auto* field = data.GetReflection()->GetOneofFieldDescriptor(data, source);
  return field == nullptr ? "" : field->name();
}

bool ReadsTokens(const proto::Job& job) { return VocabularyOf(job) > 0; }

bool IsMaskedModel(const proto::Job& job) { return job.model().has_bert(); }

int64_t VocabularyOf(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().vocabulary();
  if (model.has_llama()) return model.llama().vocabulary();
  return model.has_bert() ? model.bert().vocabulary() : 0;
}

int64_t LongestContextOf(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().context();
  if (model.has_llama()) return model.llama().context();
  return model.has_bert() ? model.bert().context() : 0;
}

int64_t ContextOf(const proto::Job& job) { return ReadsTokens(job) ? job.data().context() : 0; }

int64_t MaskedTokensOf(const proto::Job& job) {
  if (!IsMaskedModel(job)) return 0;
  return std::max<int64_t>(1, std::llround(job.data().masking().probability() * static_cast<double>(ContextOf(job))));
}

const proto::Image* ImageOf(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_vit()) return &model.vit().image();
  if (model.has_resnet()) return &model.resnet().image();
  return model.has_image() ? &model.image() : nullptr;
}

int64_t NumLayers(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().layers();
  if (model.has_llama()) return model.llama().layers();
  return model.has_mlp() ? model.mlp().sizes_size() - 1 : model.layer_size();
}

int64_t NumFeatures(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (ReadsTokens(job)) return 0;
  return model.has_mlp() ? model.mlp().sizes(0) : model.inputs();
}

int64_t NumClasses(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (ReadsTokens(job)) return VocabularyOf(job);
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
