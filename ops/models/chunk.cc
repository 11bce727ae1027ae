#include "ops/models/chunk.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"

namespace baton {

absl::StatusOr<std::vector<std::unique_ptr<Layer>>> BuildLayers(const Backend& backend, const ModelSpec& model,
                                                                int64_t begin, int64_t end) {
  const int64_t num_layers = static_cast<int64_t>(model.layers.size());
  if (begin < 0 || begin >= end || end > num_layers) {
    return absl::InvalidArgumentError(
        absl::StrCat("layers: [", begin, ", ", end, ") is not a range of the model's ", num_layers));
  }
  std::vector<std::unique_ptr<Layer>> layers;
  Shape shape = model.input_shape;
  for (int64_t i = 0; i < end; ++i) {
    if (shape.empty()) return absl::InvalidArgumentError("layers: a cross-entropy may only be the last");
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, model.layers[i], shape));
    shape = layer->output_shape();
    if (i >= begin) layers.push_back(std::move(layer));
  }
  return layers;
}

absl::StatusOr<std::unique_ptr<Sequence>> BuildChunk(const Backend& backend, const ModelSpec& model, int64_t begin,
                                                     int64_t end) {
  BATON_ASSIGN_OR_RETURN(auto layers, BuildLayers(backend, model, begin, end));
  return Sequence::Create(std::move(layers));
}

}  // namespace baton
