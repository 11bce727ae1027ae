// Builds the blocks, with the stem in the first and the classifier in the last.
#include "ops/models/resnet/resnet.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/models/checks.h"

namespace baton {
namespace {

constexpr int64_t kReduction = 4;  // of a bottleneck

absl::Status Check(const ResnetOptions& options) {
  BATON_RETURN_IF_ERROR(CheckSize("model.resnet.embedding", options.embedding));
  BATON_RETURN_IF_ERROR(CheckSize("model.resnet.image.channels", options.channels));
  BATON_RETURN_IF_ERROR(CheckSize("model.resnet.image.height", options.height));
  BATON_RETURN_IF_ERROR(CheckSize("model.resnet.image.width", options.width));
  BATON_RETURN_IF_ERROR(CheckSize("model.resnet.classes", options.classes));
  if (options.widths.empty() || options.widths.size() != options.depths.size()) {
    return absl::InvalidArgumentError(absl::StrCat("model.resnet.depths: ", options.depths.size(), " numbers for ",
                                                   options.widths.size(), " widths"));
  }
  for (size_t i = 0; i < options.widths.size(); ++i) {
    BATON_RETURN_IF_ERROR(CheckSize(absl::StrCat("model.resnet.widths[", i, "]"), options.widths[i]));
    BATON_RETURN_IF_ERROR(CheckSize(absl::StrCat("model.resnet.depths[", i, "]"), options.depths[i]));
    if (options.bottleneck && options.widths[i] < kReduction) {
      return absl::InvalidArgumentError(
          absl::StrCat("model.resnet.widths[", i, "]: ", options.widths[i], " is less than 4, for BOTTLENECK"));
    }
  }
  return absl::OkStatus();
}

// Adds layers and follows the number of channels.
class Builder {
 public:
  Builder(const ResnetOptions& options, std::vector<LayerSpec>* layers, int64_t channels)
      : options_(options), layers_(layers), channels_(channels) {}

  void Convolution(const std::string& name, int64_t outputs, int64_t kernel, int64_t stride) {
    ConvolutionSpec convolution{name + ".convolution", channels_, outputs, kernel, stride, kernel / 2, /*bias=*/false};
    const double deviation = std::sqrt(2.0 / static_cast<double>(outputs * kernel * kernel));
    convolution.initializer = {Initializer::Kind::kNormal, deviation};
    BatchNormSpec norm{name + ".normalization", outputs};
    norm.statistics = options_.statistics;
    layers_->push_back({convolution});
    layers_->push_back({norm});
    channels_ = outputs;
  }

  void Activation(ActivationKind kind) { layers_->push_back({ActivationSpec{kind}}); }

  void Block(const std::string& name, int64_t outputs, int64_t stride) {
    ResidualSpec residual;
    if (outputs != channels_ || stride != 1) {
      Builder(options_, &residual.shortcut, channels_).Convolution(name + ".shortcut", outputs, 1, stride);
    }
    Builder inner(options_, &residual.layers, channels_);
    if (options_.bottleneck) {
      const int64_t reduced = outputs / kReduction;
      const bool early = options_.downsample_in_bottleneck;
      inner.Convolution(name + ".layer.0", reduced, 1, early ? stride : 1);
      inner.Activation(ActivationKind::kRelu);
      inner.Convolution(name + ".layer.1", reduced, 3, early ? 1 : stride);
      inner.Activation(ActivationKind::kRelu);
      inner.Convolution(name + ".layer.2", outputs, 1, 1);
    } else {
      inner.Convolution(name + ".layer.0", outputs, 3, stride);
      inner.Activation(ActivationKind::kRelu);
      inner.Convolution(name + ".layer.1", outputs, 3, 1);
    }
    layers_->push_back({std::move(residual)});
    Activation(options_.activation);
    channels_ = outputs;
  }

 private:
  const ResnetOptions& options_;
  std::vector<LayerSpec>* const layers_;
  int64_t channels_;
};

void AddHead(const ResnetOptions& options, int64_t examples_per_batch, std::vector<LayerSpec>& layers) {
  LinearSpec classifier;
  classifier.name = "classifier";
  classifier.inputs = options.widths.back();
  classifier.outputs = options.classes;
  classifier.initializer = {Initializer::Kind::kUniform, 1 / std::sqrt(static_cast<double>(classifier.inputs))};
  layers.push_back({GlobalAverageSpec{}});
  layers.push_back({classifier});
  layers.push_back({CrossEntropySpec{options.classes, examples_per_batch}});
}

}  // namespace

absl::StatusOr<ModelSpec> ResnetModel(const ResnetOptions& options, int64_t examples_per_micro_batch,
                                      int64_t examples_per_batch) {
  BATON_RETURN_IF_ERROR(Check(options));
  BATON_RETURN_IF_ERROR(CheckMicroBatch("examples", examples_per_micro_batch, examples_per_batch));
  ModelSpec model;
  model.name = "resnet";
  model.input_shape =
      Shape(DataType::kFloat32, {examples_per_micro_batch, options.channels, options.height, options.width});
  model.targets_shape = Shape(DataType::kInt32, {examples_per_micro_batch});
  int64_t channels = options.embedding;
  for (size_t stage = 0; stage < options.widths.size(); ++stage) {
    for (int64_t block = 0; block < options.depths[stage]; ++block) {
      SequenceSpec layer;
      if (model.layers.empty()) {
        Builder stem(options, &layer.layers, options.channels);
        stem.Convolution("embedder", options.embedding, 7, 2);
        stem.Activation(options.activation);
        layer.layers.push_back({PoolSpec{PoolKind::kMax, 3, 2, 1}});
      }
      const std::string name = absl::StrCat("stages.", stage, ".layers.", block);
      const bool halves = block == 0 && (stage > 0 || options.downsample_in_first_stage);
      Builder(options, &layer.layers, channels).Block(name, options.widths[stage], halves ? 2 : 1);
      channels = options.widths[stage];
      model.layer_names.push_back(name);
      model.layers.push_back({std::move(layer)});
    }
  }
  AddHead(options, examples_per_batch, std::get<SequenceSpec>(model.layers.back().kind).layers);
  return model;
}

}  // namespace baton
