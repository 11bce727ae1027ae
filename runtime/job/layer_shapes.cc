// The shapes behind each kind of layer.
#include "runtime/job/layer_shapes.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

void Slide(int64_t kernel, int64_t stride, int64_t padding, ExampleShape& shape) {
  for (int axis = 1; axis < 3; ++axis) shape.extents[axis] = (shape.extents[axis] + 2 * padding - kernel) / stride + 1;
}

void Pool(const proto::Pool& pool, ExampleShape& shape) { Slide(pool.kernel(), pool.stride(), pool.padding(), shape); }

}  // namespace

double ExampleShape::NumElements() const {
  double product = 1;
  for (const int64_t extent : extents) product *= static_cast<double>(extent);
  return product;
}

std::string ExampleShape::ToString() const {
  return absl::StrCat(absl::StrJoin(extents, " x "), tokens ? " tokens" : "");
}

ExampleShape InputOfList(const proto::Model& model, int64_t context) {
  if (model.layer_size() > 0 && model.layer(0).has_embedding()) return {{context}, /*tokens=*/true};
  const proto::Image& image = model.image();
  if (model.has_image()) return {{image.channels(), image.height(), image.width()}};
  return {{model.inputs()}};
}

void PassThrough(const proto::Layer& layer, ExampleShape& shape) {
  switch (layer.kind_case()) {
    case proto::Layer::kLinear:
      if (shape.is_image()) shape.extents.resize(1);
      shape.extents.back() = layer.linear().outputs();
      return;
    case proto::Layer::kConvolution:
      shape.extents[0] = layer.convolution().outputs();
      return Slide(layer.convolution().kernel(), layer.convolution().stride(), layer.convolution().padding(), shape);
    case proto::Layer::kMaxPool:
      return Pool(layer.max_pool(), shape);
    case proto::Layer::kAveragePool:
      return Pool(layer.average_pool(), shape);
    case proto::Layer::kGlobalAverage:
      shape.extents = {shape.is_image() ? shape.extents.front() : shape.extents.back()};
      return;
    case proto::Layer::kPatches: {
      const int64_t edge = layer.patches().edge();
      const int64_t patches = (shape.extents[1] / edge) * (shape.extents[2] / edge);
      shape.extents = {patches + (layer.patches().class_token() ? 1 : 0), layer.patches().outputs()};
      return;
    }
    case proto::Layer::kEmbedding:
      shape.tokens = false;
      shape.extents.push_back(layer.embedding().width());
      return;
    case proto::Layer::kResidual:
      for (const proto::Layer& inner : layer.residual().layer()) PassThrough(inner, shape);
      return;
    default:
      return;
  }
}

}  // namespace baton
