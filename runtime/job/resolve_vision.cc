// Defaults and limits of models of images: vit and resnet.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

constexpr int kMostStages = 16;

// The pixels behind a window with stride 2 that keeps what it can of an edge.
int64_t Halved(int64_t edge) { return (edge + 1) / 2; }

absl::Status CheckStages(const proto::Resnet& resnet) {
  if (resnet.widths_size() < 1 || resnet.widths_size() > kMostStages) {
    return absl::InvalidArgumentError(
        absl::StrCat("model.resnet.widths: ", resnet.widths_size(), " numbers must be from 1 to ", kMostStages));
  }
  if (resnet.depths_size() != resnet.widths_size()) {
    return absl::InvalidArgumentError(absl::StrCat("model.resnet.depths: ", resnet.depths_size(),
                                                   " numbers must be as many as widths: ", resnet.widths_size()));
  }
  int64_t blocks = 0;
  for (int i = 0; i < resnet.widths_size(); ++i) {
    // A bottleneck has a quarter of the channels inside.
    const int64_t least = resnet.block() == proto::Resnet::BOTTLENECK ? 4 : 1;
    BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat("model.resnet.widths[", i, "]"), resnet.widths(i), least, kMaxWidth));
    BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat("model.resnet.depths[", i, "]"), resnet.depths(i), 1, kMaxLayers));
    blocks += resnet.depths(i);
  }
  return CheckRange("the blocks of model.resnet.depths", blocks, 1, kMaxLayers);
}

void AddResnetSizes(const proto::Resnet& resnet, ModelSizes& sizes) {
  const bool bottleneck = resnet.block() == proto::Resnet::BOTTLENECK;
  int64_t height = Halved(resnet.image().height()), width = Halved(resnet.image().width());
  double channels = resnet.embedding();
  sizes.parameters = channels * (49.0 * resnet.image().channels() + 4);
  sizes.widest = std::max(channels * height * width, static_cast<double>(resnet.image().channels()) *
                                                         resnet.image().height() * resnet.image().width());
  height = Halved(height);
  width = Halved(width);
  for (int i = 0; i < resnet.widths_size(); ++i) {
    const double outputs = resnet.widths(i), reduced = outputs / 4;
    // The first convolutions still have the pixels of the stage before.
    sizes.widest = std::max(sizes.widest, outputs * height * width);
    const double inner = bottleneck ? reduced * (9 * reduced + outputs) + 4 * (2 * reduced + outputs)
                                    : 9 * outputs * outputs + 8 * outputs;
    const double first = (bottleneck ? reduced : 9 * outputs);
    sizes.parameters += resnet.depths(i) * (inner + first * outputs) + first * channels + channels * outputs;
    if (i > 0 || resnet.downsample_in_first_stage()) {
      height = Halved(height);
      width = Halved(width);
    }
    channels = outputs;
  }
  sizes.parameters += (channels + 1) * resnet.classes();
  sizes.widest = std::max(sizes.widest, static_cast<double>(resnet.classes()));
}

}  // namespace

absl::Status ResolveImage(absl::string_view field, proto::Image& image) {
  if (!image.has_height()) return Missing(absl::StrCat(field, ".height"), "the height of an image in pixels");
  if (!image.has_channels()) image.set_channels(3);
  if (!image.has_width()) image.set_width(image.height());
  BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".channels"), image.channels(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".height"), image.height(), 1, 65536));
  return CheckRange(absl::StrCat(field, ".width"), image.width(), 1, 65536);
}

absl::Status ResolveVit(proto::Vit& vit, ModelSizes& sizes) {
  if (!vit.has_layers()) return Missing("model.vit.layers", "the number of transformer blocks");
  if (!vit.has_width()) return Missing("model.vit.width", "the width of an embedding");
  if (!vit.has_heads()) return Missing("model.vit.heads", "the number of attention heads");
  if (!vit.has_image()) return Missing("model.vit.image", "the size of an image");
  if (!vit.has_patch()) return Missing("model.vit.patch", "the edge of a patch in pixels");
  if (!vit.has_classes()) return Missing("model.vit.classes", "the number of classes");
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.layers", vit.layers(), 1, kMaxLayers));
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.width", vit.width(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.heads", vit.heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckDivides("model.vit.heads", vit.heads(), "model.vit.width", vit.width()));
  BATON_RETURN_IF_ERROR(ResolveImage("model.vit.image", *vit.mutable_image()));
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.patch", vit.patch(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckDivides("model.vit.patch", vit.patch(), "model.vit.image.height", vit.image().height()));
  BATON_RETURN_IF_ERROR(CheckDivides("model.vit.patch", vit.patch(), "model.vit.image.width", vit.image().width()));
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.classes", vit.classes(), 2, kMaxWidth));
  if (!vit.has_feed_forward()) vit.set_feed_forward(4 * vit.width());
  if (!vit.has_activation()) vit.set_activation(proto::GELU);
  if (!vit.has_epsilon()) vit.set_epsilon(1e-12);
  if (!vit.has_query_key_value_bias()) vit.set_query_key_value_bias(true);
  BATON_RETURN_IF_ERROR(CheckRange("model.vit.feed_forward", vit.feed_forward(), 1, kMaxWidth));
  BATON_RETURN_IF_ERROR(CheckActivation("model.vit.activation", vit.activation()));
  BATON_RETURN_IF_ERROR(CheckPositive("model.vit.epsilon", vit.epsilon(), 1));
  const double width = vit.width(), inner = vit.feed_forward();
  const double pixels = static_cast<double>(vit.patch()) * vit.patch() * vit.image().channels();
  // The linear layer of patches takes at most 2²⁰ features, as every other.
  BATON_RETURN_IF_ERROR(CheckReal("the features of a patch of model.vit.patch", pixels, 1, kMaxWidth));
  const double rows = static_cast<double>(vit.image().height() / vit.patch()) * (vit.image().width() / vit.patch()) + 1;
  sizes.parameters = vit.layers() * (4 * width * width + 2 * width * inner + 9 * width + inner) +
                     (pixels + rows + 4) * width + (width + 1) * vit.classes();
  sizes.widest = std::max(rows * std::max({pixels, 3 * width, inner}), vit.heads() * rows * rows);
  return absl::OkStatus();
}

absl::Status ResolveResnet(proto::Resnet& resnet, ModelSizes& sizes) {
  if (!resnet.has_image()) return Missing("model.resnet.image", "the size of an image");
  if (!resnet.has_classes()) return Missing("model.resnet.classes", "the number of classes");
  if (!resnet.has_embedding()) resnet.set_embedding(64);
  if (!resnet.has_block()) resnet.set_block(proto::Resnet::BOTTLENECK);
  if (!resnet.has_downsample_in_first_stage()) resnet.set_downsample_in_first_stage(false);
  if (!resnet.has_downsample_in_bottleneck()) resnet.set_downsample_in_bottleneck(false);
  if (!resnet.has_activation()) resnet.set_activation(proto::RELU);
  if (!resnet.has_statistics()) resnet.set_statistics(proto::MICRO_BATCH);
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Resnet::Block>("model.resnet.block", resnet.block()));
  BATON_RETURN_IF_ERROR(CheckEnum<proto::BatchStatistics>("model.resnet.statistics", resnet.statistics()));
  BATON_RETURN_IF_ERROR(CheckRange("model.resnet.embedding", resnet.embedding(), 1, kMaxWidth));
  BATON_RETURN_IF_ERROR(ResolveImage("model.resnet.image", *resnet.mutable_image()));
  BATON_RETURN_IF_ERROR(CheckRange("model.resnet.classes", resnet.classes(), 2, kMaxWidth));
  BATON_RETURN_IF_ERROR(CheckActivation("model.resnet.activation", resnet.activation()));
  BATON_RETURN_IF_ERROR(CheckStages(resnet));
  AddResnetSizes(resnet, sizes);
  return absl::OkStatus();
}

}  // namespace baton
