// Numbers of layers, features, classes, tokens and chunks of a resolved job. The one place that knows which kinds of
// models read what.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "google/protobuf/descriptor.h"
#include "runtime/job/layer_shapes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

// Whether the model is a list of layers that reads tokens.
bool BeginsWithEmbedding(const proto::Model& model) {
  return model.kind_case() == proto::Model::KIND_NOT_SET && model.layer_size() > 0 && model.layer(0).has_embedding();
}

}  // namespace

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
  if (model.has_bert()) return model.bert().vocabulary();
  return BeginsWithEmbedding(model) ? model.layer(0).embedding().vocabulary() : 0;
}

int64_t LongestContextOf(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().context();
  if (model.has_llama()) return model.llama().context();
  if (model.has_bert()) return model.bert().context();
  return BeginsWithEmbedding(model) ? model.layer(0).embedding().context() : 0;
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
  switch (model.kind_case()) {
    case proto::Model::kGpt2:
      return model.gpt2().layers();
    case proto::Model::kLlama:
      return model.llama().layers();
    case proto::Model::kBert:
      return model.bert().layers();
    case proto::Model::kVit:
      return model.vit().layers();
    case proto::Model::kResnet:
      return std::accumulate(model.resnet().depths().begin(), model.resnet().depths().end(), int64_t{0});
    case proto::Model::kMlp:
      return model.mlp().sizes_size() - 1;
    default:
      return model.layer_size();
  }
}

int64_t NumFeatures(const proto::Job& job) {
  if (ReadsTokens(job)) return 0;
  if (job.model().has_mlp()) return job.model().mlp().sizes(0);
  const proto::Image* image = ImageOf(job);
  return image == nullptr ? job.model().inputs() : image->channels() * image->height() * image->width();
}

int64_t NumClasses(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (ReadsTokens(job)) return VocabularyOf(job);
  if (model.has_vit()) return model.vit().classes();
  if (model.has_resnet()) return model.resnet().classes();
  if (model.has_mlp()) return model.mlp().sizes(model.mlp().sizes_size() - 1);
  ExampleShape shape = InputOfList(model, 0);
  for (const proto::Layer& layer : model.layer()) PassThrough(layer, shape);
  return shape.width();
}

int64_t NumChunks(const proto::Job& job) {
  return int64_t{job.pipeline().stages()} * job.pipeline().chunks_per_device();
}

int NumDevices(const proto::Job& job) {
  return job.pipeline().stages() * job.parallel().replicas() * job.parallel().tensor();
}

}  // namespace baton
