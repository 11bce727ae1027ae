// ViT that classifies images. The convolution that projects patches is a linear layer here, with the same elements.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/add_tensors.h"
#include "runtime/hugging_face/families.h"

namespace baton {
namespace {

constexpr int64_t kMostPixels = 65536;

// The pooler of the model without a classifier.
bool IsUnused(const std::string& name) { return absl::StartsWith(name, "pooler."); }

// [height, width], or one number for both.
absl::Status ReadImageSize(const ConfigFields& fields, proto::Image& image) {
  const nlohmann::json& size = fields.Any("image_size");
  if (!size.is_array()) {
    BATON_ASSIGN_OR_RETURN(const int64_t edge, fields.Whole("image_size", 1, kMostPixels));
    image.set_height(edge);
    image.set_width(edge);
    return absl::OkStatus();
  }
  for (const nlohmann::json& edge : size) {
    if (size.size() != 2 || !edge.is_number_integer() || edge < 1 || edge > kMostPixels) {
      return fields.Wrong("image_size", absl::StrCat("is not two whole numbers from 1 to ", kMostPixels));
    }
  }
  if (size.size() != 2) return fields.Wrong("image_size", "is not two whole numbers");
  image.set_height(size[0].get<int64_t>());
  image.set_width(size[1].get<int64_t>());
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadVitConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model) {
  proto::Vit& vit = *model.mutable_vit();
  BATON_ASSIGN_OR_RETURN(const int64_t layers, fields.Whole("num_hidden_layers", 1, kMostConfigLayers));
  BATON_ASSIGN_OR_RETURN(const int64_t width, fields.Whole("hidden_size", 1, kMostConfigWidth));
  BATON_ASSIGN_OR_RETURN(const int64_t heads, fields.Whole("num_attention_heads", 1, kMostConfigHeads));
  BATON_ASSIGN_OR_RETURN(const int64_t inner, fields.Whole("intermediate_size", 1, kMostConfigInner));
  BATON_ASSIGN_OR_RETURN(const int64_t patch, fields.Whole("patch_size", 1, kMostPixels));
  BATON_ASSIGN_OR_RETURN(const int64_t channels, fields.Whole("num_channels", 1, kMostPixels));
  BATON_ASSIGN_OR_RETURN(const int64_t classes, ReadNumLabels(fields));
  BATON_RETURN_IF_ERROR(fields.CheckDivides("num_attention_heads", heads, "hidden_size", width));
  BATON_ASSIGN_OR_RETURN(const double epsilon, fields.Epsilon("layer_norm_eps", 1e-12));
  BATON_ASSIGN_OR_RETURN(const proto::Activation activation, fields.ActivationOf("hidden_act", "gelu"));
  BATON_ASSIGN_OR_RETURN(const bool bias, fields.Flag("qkv_bias", true));
  BATON_RETURN_IF_ERROR(ReadImageSize(fields, *vit.mutable_image()));
  BATON_RETURN_IF_ERROR(fields.CheckDivides("patch_size", patch, "image_size", vit.image().height()));
  BATON_RETURN_IF_ERROR(fields.CheckDivides("patch_size", patch, "image_size", vit.image().width()));
  vit.mutable_image()->set_channels(channels);
  BATON_ASSIGN_OR_RETURN(const double dropout, fields.Dropout("hidden_dropout_prob"));
  BATON_ASSIGN_OR_RETURN(const double attention_dropout, fields.Dropout("attention_probs_dropout_prob"));
  model.set_dropout(dropout);
  model.set_attention_dropout(attention_dropout);
  vit.set_layers(static_cast<int32_t>(layers));
  vit.set_width(width);
  vit.set_heads(heads);
  vit.set_feed_forward(inner);
  vit.set_patch(patch);
  vit.set_classes(classes);
  vit.set_activation(activation);
  vit.set_epsilon(epsilon);
  vit.set_query_key_value_bias(bias);
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> WriteVitConfig(const proto::Model& model) {
  const proto::Vit& vit = model.vit();
  const proto::Image& image = vit.image();
  if (image.height() != image.width()) {
    return absl::UnimplementedError("transformers' ViT reads square images alone");
  }
  nlohmann::json config{
      {"architectures", {"ViTForImageClassification"}},
      {"model_type", "vit"},
      {"num_hidden_layers", vit.layers()},
      {"hidden_size", vit.width()},
      {"num_attention_heads", vit.heads()},
      {"intermediate_size", vit.feed_forward()},
      {"image_size", image.height()},
      {"num_channels", image.channels()},
      {"patch_size", vit.patch()},
      {"hidden_act", NameOfActivation(vit.activation())},
      {"layer_norm_eps", vit.epsilon()},
      {"qkv_bias", vit.query_key_value_bias()},
      {"hidden_dropout_prob", model.dropout()},
      {"attention_probs_dropout_prob", model.attention_dropout()},
      {"torch_dtype", "float32"},
  };
  WriteLabels(vit.classes(), config);
  return config;
}

TensorTable VitTensors(const proto::Model& model) {
  const proto::Vit& vit = model.vit();
  const int64_t width = vit.width(), inner = vit.feed_forward(), channels = vit.image().channels();
  const int64_t rows = (vit.image().height() / vit.patch()) * (vit.image().width() / vit.patch()) + 1;
  TensorTable table;
  table.prefix = "vit.";
  table.passed_over = IsUnused;
  const std::string projection = "vit.embeddings.patch_embeddings.projection";
  table.tensors = {
      {"vit.embeddings.cls_token", {1, 1, width}, "embeddings.class_token"},
      {"vit.embeddings.position_embeddings", {1, rows, width}, "embeddings.positions"},
      {projection + ".weight", {width, channels, vit.patch(), vit.patch()}, "embeddings.projection.weight"},
      {projection + ".bias", {width}, "embeddings.projection.bias"},
  };
  for (int layer = 0; layer < vit.layers(); ++layer) {
    const std::string theirs = absl::StrCat("vit.encoder.layer.", layer), ours = absl::StrCat("layers.", layer);
    AddQueryKeyValue(theirs + ".attention.attention.", ours + ".attention.qkv", width, vit.query_key_value_bias(),
                     table);
    AddLinear(theirs + ".attention.output.dense", ours + ".attention.output", width, width, table);
    AddNorm(theirs + ".layernorm_before", ours + ".norm_1", width, table);
    AddNorm(theirs + ".layernorm_after", ours + ".norm_2", width, table);
    AddLinear(theirs + ".intermediate.dense", ours + ".feed_forward.up", width, inner, table);
    AddLinear(theirs + ".output.dense", ours + ".feed_forward.down", inner, width, table);
  }
  AddNorm("vit.layernorm", "norm", width, table);
  AddLinear("classifier", "classifier", width, vit.classes(), table);
  return table;
}

}  // namespace baton
