// ResNet that classifies images. The files count batches for batch norm, which does not change the result.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/hugging_face/add_tensors.h"
#include "runtime/hugging_face/families.h"

namespace baton {
namespace {

constexpr int64_t kImageEdge = 224;  // where the job does not say: that of ImageNet
constexpr size_t kMostStages = 16;

bool IsCounter(const std::string& name) { return absl::EndsWith(name, ".num_batches_tracked"); }

absl::Status ReadNumbers(const ConfigFields& fields, const char* field, int64_t most,
                         google::protobuf::RepeatedField<int64_t>& numbers) {
  const nlohmann::json& list = fields.Any(field);
  if (!list.is_array() || list.empty() || list.size() > kMostStages) {
    return fields.Wrong(field, absl::StrCat("is not a list of 1 to ", kMostStages, " numbers"));
  }
  for (const nlohmann::json& number : list) {
    if (!number.is_number_integer() || number < 1 || number > most) {
      return fields.Wrong(field, absl::StrCat("has a number that is not from 1 to ", most));
    }
    numbers.Add(number.get<int64_t>());
  }
  return absl::OkStatus();
}

// The names of a convolution and of its batch norm.
void AddConvolution(const std::string& theirs, const std::string& ours, int64_t inputs, int64_t outputs, int64_t kernel,
                    TensorTable& table) {
  table.tensors.push_back(
      {theirs + ".convolution.weight", {outputs, inputs, kernel, kernel}, ours + ".convolution.weight"});
  for (const char* kind : {".weight", ".bias", ".running_mean", ".running_var"}) {
    table.tensors.push_back(
        {absl::StrCat(theirs, ".normalization", kind), {outputs}, absl::StrCat(ours, ".normalization", kind)});
  }
}

}  // namespace

absl::Status ReadResnetConfig(const ConfigFields& fields, const std::string& model_type, proto::Model& model) {
  proto::Resnet& resnet = *model.mutable_resnet();
  BATON_ASSIGN_OR_RETURN(const int64_t embedding, fields.Whole("embedding_size", 1, kMostConfigInner));
  BATON_ASSIGN_OR_RETURN(const int64_t channels, fields.Whole("num_channels", 1, kMostConfigWidth));
  BATON_ASSIGN_OR_RETURN(const int64_t classes, ReadNumLabels(fields));
  BATON_ASSIGN_OR_RETURN(const std::string layer_type, fields.Text("layer_type"));
  BATON_ASSIGN_OR_RETURN(const proto::Activation activation, fields.ActivationOf("hidden_act", "relu"));
  BATON_ASSIGN_OR_RETURN(const bool first_stage, fields.Flag("downsample_in_first_stage", false));
  BATON_ASSIGN_OR_RETURN(const bool bottleneck, fields.Flag("downsample_in_bottleneck", false));
  BATON_RETURN_IF_ERROR(ReadNumbers(fields, "hidden_sizes", kMostConfigInner, *resnet.mutable_widths()));
  BATON_RETURN_IF_ERROR(ReadNumbers(fields, "depths", kMostConfigLayers, *resnet.mutable_depths()));
  if (layer_type != "basic" && layer_type != "bottleneck") {
    return fields.Wrong("layer_type", "is not one of \"basic\", \"bottleneck\"");
  }
  if (resnet.widths_size() != resnet.depths_size()) {
    return fields.Wrong("depths", absl::StrCat("has not as many numbers as hidden_sizes, ", resnet.widths_size()));
  }
  resnet.set_embedding(embedding);
  resnet.set_block(layer_type == "basic" ? proto::Resnet::BASIC : proto::Resnet::BOTTLENECK);
  resnet.mutable_image()->set_channels(channels);
  resnet.mutable_image()->set_height(kImageEdge);
  resnet.mutable_image()->set_width(kImageEdge);
  resnet.set_classes(classes);
  resnet.set_downsample_in_first_stage(first_stage);
  resnet.set_downsample_in_bottleneck(bottleneck);
  resnet.set_activation(activation);
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> WriteResnetConfig(const proto::Model& model) {
  const proto::Resnet& resnet = model.resnet();
  const std::vector<int64_t> widths(resnet.widths().begin(), resnet.widths().end());
  const std::vector<int64_t> depths(resnet.depths().begin(), resnet.depths().end());
  nlohmann::json config{
      {"architectures", {"ResNetForImageClassification"}},
      {"model_type", "resnet"},
      {"embedding_size", resnet.embedding()},
      {"hidden_sizes", widths},
      {"depths", depths},
      {"layer_type", resnet.block() == proto::Resnet::BASIC ? "basic" : "bottleneck"},
      {"num_channels", resnet.image().channels()},
      {"hidden_act", NameOfActivation(resnet.activation())},
      {"downsample_in_first_stage", resnet.downsample_in_first_stage()},
      {"downsample_in_bottleneck", resnet.downsample_in_bottleneck()},
      {"torch_dtype", "float32"},
  };
  WriteLabels(resnet.classes(), config);
  return config;
}

TensorTable ResnetTensors(const proto::Model& model) {
  const proto::Resnet& resnet = model.resnet();
  TensorTable table;
  table.prefix = "resnet.";
  table.passed_over = IsCounter;
  AddConvolution("resnet.embedder.embedder", "embedder", resnet.image().channels(), resnet.embedding(), 7, table);
  int64_t channels = resnet.embedding();
  for (int stage = 0; stage < resnet.widths_size(); ++stage) {
    const int64_t width = resnet.widths(stage);
    const bool halves = stage > 0 || resnet.downsample_in_first_stage();
    for (int64_t block = 0; block < resnet.depths(stage); ++block) {
      const std::string ours = absl::StrCat("stages.", stage, ".layers.", block), theirs = "resnet.encoder." + ours;
      if (channels != width || (block == 0 && halves)) {
        AddConvolution(theirs + ".shortcut", ours + ".shortcut", channels, width, 1, table);
      }
      const auto add = [&](int layer, int64_t inputs, int64_t outputs, int64_t kernel) {
        AddConvolution(absl::StrCat(theirs, ".layer.", layer), absl::StrCat(ours, ".layer.", layer), inputs, outputs,
                       kernel, table);
      };
      if (resnet.block() == proto::Resnet::BOTTLENECK) {
        add(0, channels, width / 4, 1);
        add(1, width / 4, width / 4, 3);
        add(2, width / 4, width, 1);
      } else {
        add(0, channels, width, 3);
        add(1, width, width, 3);
      }
      channels = width;
    }
  }
  AddLinear("classifier.1", "classifier", channels, resnet.classes(), table);
  return table;
}

}  // namespace baton
