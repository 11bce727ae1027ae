// The kinds of layers, one function each.
#include "runtime/job/resolve_listed_layer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

constexpr int64_t kLargestKernel = 255;

// One layer of a list, and the shape of its input.
class LayerResolver {
 public:
  LayerResolver(std::string path, const ExampleShape& shape, ModelSizes& sizes)
      : path_(std::move(path)), shape_(shape), sizes_(sizes) {}

  absl::Status Resolve(proto::Linear& linear) {
    if (!linear.has_outputs()) return Missing(Field(".linear.outputs"), "the layer's width");
    BATON_RETURN_IF_ERROR(CheckRange(Field(".linear.outputs"), linear.outputs(), 1, kMaxWidth));
    if (!linear.has_activation()) linear.set_activation(proto::NONE);
    BATON_RETURN_IF_ERROR(CheckEnum<proto::Activation>(Field(".linear.activation"), linear.activation()));
    BATON_RETURN_IF_ERROR(CheckFloats(".linear"));
    const double inputs = shape_.is_image() ? shape_.NumElements() : static_cast<double>(shape_.width());
    if (inputs > static_cast<double>(kMaxWidth)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Field(".linear"), ": ", inputs, " inputs must be at most ", kMaxWidth));
    }
    sizes_.parameters += (inputs + 1) * linear.outputs();
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::LayerNorm&) {
    BATON_RETURN_IF_ERROR(CheckFeatures(".layer_norm"));
    sizes_.parameters += 2.0 * shape_.width();
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::RmsNorm& norm) {
    if (!norm.has_epsilon()) norm.set_epsilon(1e-6);
    BATON_RETURN_IF_ERROR(CheckPositive(Field(".rms_norm.epsilon"), norm.epsilon(), 1));
    BATON_RETURN_IF_ERROR(CheckFeatures(".rms_norm"));
    sizes_.parameters += static_cast<double>(shape_.width());
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::Relu&) { return CheckFloats(".relu"); }
  absl::Status Resolve(proto::Gelu&) { return CheckFloats(".gelu"); }

  absl::Status Resolve(proto::Dropout& dropout) {
    if (!dropout.has_probability()) {
      return Missing(Field(".dropout.probability"), "the part of the features that are set to 0");
    }
    BATON_RETURN_IF_ERROR(CheckFraction(Field(".dropout.probability"), dropout.probability()));
    return CheckFloats(".dropout");
  }

  absl::Status Resolve(proto::Convolution& convolution) {
    if (!convolution.has_outputs()) return Missing(Field(".convolution.outputs"), "the channels of the result");
    if (!convolution.has_kernel()) return Missing(Field(".convolution.kernel"), "the edge of the kernel");
    if (!convolution.has_stride()) convolution.set_stride(1);
    if (!convolution.has_padding()) convolution.set_padding(0);
    if (!convolution.has_bias()) convolution.set_bias(true);
    BATON_RETURN_IF_ERROR(CheckRange(Field(".convolution.outputs"), convolution.outputs(), 1, kMaxWidth));
    BATON_RETURN_IF_ERROR(CheckImage(".convolution"));
    BATON_RETURN_IF_ERROR(
        CheckWindow(".convolution", convolution.kernel(), convolution.stride(), convolution.padding(), 1));
    const double weights = static_cast<double>(shape_.extents[0]) * convolution.kernel() * convolution.kernel();
    sizes_.parameters += (weights + 1) * convolution.outputs();
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::GroupNorm& norm) {
    if (!norm.has_groups()) return Missing(Field(".group_norm.groups"), "the number of groups of channels");
    if (!norm.has_epsilon()) norm.set_epsilon(1e-5);
    BATON_RETURN_IF_ERROR(CheckPositive(Field(".group_norm.epsilon"), norm.epsilon(), 1));
    BATON_RETURN_IF_ERROR(CheckImage(".group_norm"));
    BATON_RETURN_IF_ERROR(CheckRange(Field(".group_norm.groups"), norm.groups(), 1, shape_.extents[0]));
    sizes_.parameters += 2.0 * shape_.extents[0];
    return CheckDivides(".group_norm.groups", norm.groups(), "the channels", shape_.extents[0]);
  }

  absl::Status Resolve(proto::BatchNorm& norm) {
    if (!norm.has_statistics()) norm.set_statistics(proto::MICRO_BATCH);
    if (!norm.has_epsilon()) norm.set_epsilon(1e-5);
    BATON_RETURN_IF_ERROR(CheckEnum<proto::BatchStatistics>(Field(".batch_norm.statistics"), norm.statistics()));
    BATON_RETURN_IF_ERROR(CheckPositive(Field(".batch_norm.epsilon"), norm.epsilon(), 1));
    BATON_RETURN_IF_ERROR(CheckImage(".batch_norm"));
    sizes_.parameters += 4.0 * shape_.extents[0];
    return absl::OkStatus();
  }

  absl::Status Resolve(const char* name, proto::Pool& pool) {
    if (!pool.has_kernel()) return Missing(Field(absl::StrCat(name, ".kernel")), "the edge of the square");
    if (!pool.has_stride()) pool.set_stride(pool.kernel());
    if (!pool.has_padding()) pool.set_padding(0);
    BATON_RETURN_IF_ERROR(CheckImage(name));
    return CheckWindow(name, pool.kernel(), pool.stride(), pool.padding(), 2);
  }

  absl::Status Resolve(proto::GlobalAverage&) {
    if (!shape_.tokens && shape_.extents.size() > 1) return absl::OkStatus();
    return Reads(".global_average", "an image or rows of features");
  }

  absl::Status Resolve(proto::Patches& patches) {
    if (!patches.has_edge()) return Missing(Field(".patches.edge"), "the edge of a patch");
    if (!patches.has_outputs()) return Missing(Field(".patches.outputs"), "the features of a patch");
    if (!patches.has_class_token()) patches.set_class_token(false);
    BATON_RETURN_IF_ERROR(CheckRange(Field(".patches.edge"), patches.edge(), 1, 65536));
    BATON_RETURN_IF_ERROR(CheckRange(Field(".patches.outputs"), patches.outputs(), 1, 65536));
    BATON_RETURN_IF_ERROR(CheckImage(".patches"));
    BATON_RETURN_IF_ERROR(CheckDivides(".patches.edge", patches.edge(), "the height", shape_.extents[1]));
    BATON_RETURN_IF_ERROR(CheckDivides(".patches.edge", patches.edge(), "the width", shape_.extents[2]));
    const double edge = patches.edge(), rows = shape_.extents[1] / edge * (shape_.extents[2] / edge);
    sizes_.parameters += (shape_.extents[0] * edge * edge + rows + 3) * patches.outputs();
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::TokenEmbedding& embedding) {
    if (!embedding.has_vocabulary()) return Missing(Field(".embedding.vocabulary"), "the number of different tokens");
    if (!embedding.has_width()) return Missing(Field(".embedding.width"), "the features of a token");
    if (!embedding.has_positions()) embedding.set_positions(true);
    BATON_RETURN_IF_ERROR(CheckRange(Field(".embedding.vocabulary"), embedding.vocabulary(), 2, int64_t{1} << 24));
    BATON_RETURN_IF_ERROR(CheckRange(Field(".embedding.width"), embedding.width(), 1, 65536));
    if (!shape_.tokens) return Reads(".embedding", "tokens, as the first layer does,");
    const double rows = static_cast<double>(embedding.vocabulary()) + embedding.context();
    sizes_.parameters += rows * embedding.width();
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::Attention& attention) {
    if (!attention.has_heads()) return Missing(Field(".attention.heads"), "the number of heads");
    if (!attention.has_key_value_heads()) attention.set_key_value_heads(attention.heads());
    if (!attention.has_causal()) attention.set_causal(true);
    if (!attention.has_window()) attention.set_window(0);
    if (!attention.has_bias()) attention.set_bias(true);
    BATON_RETURN_IF_ERROR(CheckRange(Field(".attention.heads"), attention.heads(), 1, 1024));
    BATON_RETURN_IF_ERROR(CheckRange(Field(".attention.key_value_heads"), attention.key_value_heads(), 1, 1024));
    BATON_RETURN_IF_ERROR(CheckRange(Field(".attention.window"), attention.window(), 0, int64_t{1} << 24));
    if (shape_.tokens || !shape_.is_rows()) return Reads(".attention", "rows of features");
    BATON_RETURN_IF_ERROR(CheckDivides(".attention.heads", attention.heads(), "the width", shape_.width()));
    BATON_RETURN_IF_ERROR(
        CheckDivides(".attention.key_value_heads", attention.key_value_heads(), "heads", attention.heads()));
    if (attention.window() > 0 && !attention.causal()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Field(".attention.window"), ": ", attention.window(), " needs causal: true"));
    }
    if (attention.has_rotary()) {
      BATON_RETURN_IF_ERROR(ResolveRotary(Field(".attention.rotary"), *attention.mutable_rotary()));
      if (shape_.width() / attention.heads() % 2 != 0) {
        return absl::InvalidArgumentError(absl::StrCat(Field(".attention.heads"), ": ", attention.heads(), " heads of ",
                                                       shape_.width() / attention.heads(),
                                                       " features; rotary positions turn pairs"));
      }
    }
    const double width = shape_.width(), rows = shape_.extents[0];
    const double key_value = 2 * width / attention.heads() * attention.key_value_heads();
    sizes_.parameters += width * (2 * width + key_value + 2) + key_value;
    sizes_.widest = std::max({sizes_.widest, rows * (width + key_value), attention.heads() * rows * rows});
    return absl::OkStatus();
  }

  absl::Status Resolve(proto::GatedFeedForward& gated) {
    if (!gated.has_inner()) return Missing(Field(".gated_feed_forward.inner"), "the width of gate and up");
    if (!gated.has_activation()) gated.set_activation(proto::SILU);
    BATON_RETURN_IF_ERROR(CheckRange(Field(".gated_feed_forward.inner"), gated.inner(), 1, kMaxWidth));
    BATON_RETURN_IF_ERROR(CheckActivation(Field(".gated_feed_forward.activation"), gated.activation()));
    BATON_RETURN_IF_ERROR(CheckFeatures(".gated_feed_forward"));
    const double inner = gated.inner(), width = shape_.width();
    sizes_.parameters += 3 * inner * width;
    sizes_.widest = std::max(sizes_.widest, shape_.NumElements() / width * 2 * inner);
    return absl::OkStatus();
  }

 private:
  std::string Field(absl::string_view name) const { return absl::StrCat(path_, name); }

  absl::Status Reads(absl::string_view name, const char* wanted) const {
    return absl::InvalidArgumentError(absl::StrCat(Field(name), ": reads ", wanted, " not ", shape_.ToString()));
  }
  absl::Status CheckFloats(absl::string_view name) const {
    return shape_.tokens ? Reads(name, "features,") : absl::OkStatus();
  }
  absl::Status CheckFeatures(absl::string_view name) const {
    return shape_.tokens || shape_.is_image() ? Reads(name, "features,") : absl::OkStatus();
  }
  absl::Status CheckImage(absl::string_view name) const {
    return shape_.tokens || !shape_.is_image() ? Reads(name, "an image,") : absl::OkStatus();
  }
  absl::Status CheckDivides(absl::string_view name, int64_t part, const char* whole_name, int64_t whole) const {
    if (whole % part == 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(Field(name), ": ", part, " does not divide ", whole_name, ": ", whole));
  }
  // Padding must be below kernel, or at most a part of it.
  absl::Status CheckWindow(absl::string_view name, int64_t kernel, int64_t stride, int64_t padding, int part) const {
    const auto field = [&](const char* last) { return Field(absl::StrCat(name, last)); };
    BATON_RETURN_IF_ERROR(CheckRange(field(".kernel"), kernel, 1, kLargestKernel));
    BATON_RETURN_IF_ERROR(CheckRange(field(".stride"), stride, 1, kLargestKernel));
    BATON_RETURN_IF_ERROR(CheckRange(field(".padding"), padding, 0, part == 1 ? kernel - 1 : kernel / part));
    for (int axis = 1; axis < 3; ++axis) {
      if (shape_.extents[axis] + 2 * padding >= kernel) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(field(".kernel"), ": ", kernel, " is larger than the image, ", shape_.ToString()));
    }
    return absl::OkStatus();
  }

  const std::string path_;
  const ExampleShape& shape_;
  ModelSizes& sizes_;
};

}  // namespace

absl::Status ResolveListedLayer(const std::string& path, proto::Layer& layer, const ExampleShape& shape,
                                ModelSizes& sizes) {
  LayerResolver resolver(path, shape, sizes);
  switch (layer.kind_case()) {
    case proto::Layer::kLinear:
      return resolver.Resolve(*layer.mutable_linear());
    case proto::Layer::kLayerNorm:
      return resolver.Resolve(*layer.mutable_layer_norm());
    case proto::Layer::kRelu:
      return resolver.Resolve(*layer.mutable_relu());
    case proto::Layer::kGelu:
      return resolver.Resolve(*layer.mutable_gelu());
    case proto::Layer::kConvolution:
      return resolver.Resolve(*layer.mutable_convolution());
    case proto::Layer::kGroupNorm:
      return resolver.Resolve(*layer.mutable_group_norm());
    case proto::Layer::kBatchNorm:
      return resolver.Resolve(*layer.mutable_batch_norm());
    case proto::Layer::kMaxPool:
      return resolver.Resolve(".max_pool", *layer.mutable_max_pool());
    case proto::Layer::kAveragePool:
      return resolver.Resolve(".average_pool", *layer.mutable_average_pool());
    case proto::Layer::kGlobalAverage:
      return resolver.Resolve(*layer.mutable_global_average());
    case proto::Layer::kRmsNorm:
      return resolver.Resolve(*layer.mutable_rms_norm());
    case proto::Layer::kDropout:
      return resolver.Resolve(*layer.mutable_dropout());
    case proto::Layer::kAttention:
      return resolver.Resolve(*layer.mutable_attention());
    case proto::Layer::kGatedFeedForward:
      return resolver.Resolve(*layer.mutable_gated_feed_forward());
    case proto::Layer::kPatches:
      return resolver.Resolve(*layer.mutable_patches());
    case proto::Layer::kEmbedding:
      return resolver.Resolve(*layer.mutable_embedding());
    case proto::Layer::kResidual:
    case proto::Layer::KIND_NOT_SET:
      break;
  }
  return Missing(path, absl::StrCat("one of ", ListFields(*proto::Layer::descriptor())));
}

}  // namespace baton
