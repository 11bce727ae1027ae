// One overload for each kind of entry.
#include "ops/models/listed_layers.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "ops/models/checks.h"

namespace baton {
namespace {

Initializer ByInputs(int64_t inputs) {
  return {Initializer::Kind::kUniform, 1 / std::sqrt(static_cast<double>(inputs))};
}

constexpr Initializer kEmbedding = {Initializer::Kind::kNormal, 0.02};

LayerSpec Linear(const std::string& name, int64_t inputs, int64_t outputs, bool bias) {
  LinearSpec linear;
  linear.name = name;
  linear.inputs = inputs;
  linear.outputs = outputs;
  linear.bias = bias;
  linear.initializer = ByInputs(inputs);
  return {linear};
}

struct Converter {
  using Layers = std::vector<LayerSpec>;
  using Result = absl::StatusOr<Layers>;
  const std::string& field;
  const std::string& name;
  ListedShape& shape;

  Result operator()(const ListedLinear& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".outputs", listed.outputs));
    BATON_RETURN_IF_ERROR(CheckFloats());
    Layers layers;
    if (shape.extents.size() == 3) {
      const int64_t features = shape.extents[0] * shape.extents[1] * shape.extents[2];
      layers = {{FlattenedSpec{{Linear(name, features, listed.outputs, listed.bias)}}}};
      shape.extents = {listed.outputs};
    } else {
      layers = {Linear(name, shape.extents.back(), listed.outputs, listed.bias)};
      shape.extents.back() = listed.outputs;
    }
    if (listed.activation.has_value()) layers.push_back({ActivationSpec{*listed.activation}});
    return layers;
  }

  Result operator()(const ListedLayerNorm& listed) const {
    BATON_RETURN_IF_ERROR(CheckEpsilon(listed.epsilon));
    BATON_RETURN_IF_ERROR(CheckFeatures());
    LayerNormSpec norm;
    norm.name = name;
    norm.width = shape.extents.back();
    norm.epsilon = listed.epsilon;
    return Layers{{norm}};
  }

  Result operator()(const ListedRmsNorm& listed) const {
    BATON_RETURN_IF_ERROR(CheckEpsilon(listed.epsilon));
    BATON_RETURN_IF_ERROR(CheckFeatures());
    RmsNormSpec norm;
    norm.name = name;
    norm.width = shape.extents.back();
    norm.epsilon = listed.epsilon;
    return Layers{{norm}};
  }

  Result operator()(const ListedActivation& listed) const {
    BATON_RETURN_IF_ERROR(CheckFloats());
    return Layers{{ActivationSpec{listed.kind}}};
  }

  Result operator()(const ListedDropout& listed) const {
    BATON_RETURN_IF_ERROR(CheckFloats());
    return Layers{{DropoutSpec{name, listed.probability}}};
  }

  Result operator()(const ListedConvolution& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".outputs", listed.outputs));
    BATON_RETURN_IF_ERROR(CheckImage());
    ConvolutionSpec convolution;
    convolution.name = name;
    convolution.inputs = shape.extents[0];
    convolution.outputs = listed.outputs;
    convolution.kernel = listed.kernel;
    convolution.stride = listed.stride;
    convolution.padding = listed.padding;
    convolution.bias = listed.bias;
    convolution.initializer = ByInputs(shape.extents[0] * listed.kernel * listed.kernel);
    shape.extents[0] = listed.outputs;
    BATON_RETURN_IF_ERROR(Slide(listed.kernel, listed.stride, listed.padding));
    return Layers{{convolution}};
  }

  Result operator()(const ListedGroupNorm& listed) const {
    BATON_RETURN_IF_ERROR(CheckEpsilon(listed.epsilon));
    BATON_RETURN_IF_ERROR(CheckImage());
    return Layers{{GroupNormSpec{name, shape.extents[0], listed.groups, listed.epsilon}}};
  }

  Result operator()(const ListedBatchNorm& listed) const {
    BATON_RETURN_IF_ERROR(CheckEpsilon(listed.epsilon));
    BATON_RETURN_IF_ERROR(CheckImage());
    return Layers{{BatchNormSpec{name, shape.extents[0], listed.epsilon, listed.statistics}}};
  }

  Result operator()(const ListedPool& listed) const {
    BATON_RETURN_IF_ERROR(CheckImage());
    BATON_RETURN_IF_ERROR(Slide(listed.pool.kernel, listed.pool.stride, listed.pool.padding));
    return Layers{{listed.pool}};
  }

  Result operator()(const ListedGlobalAverage&) const {
    BATON_RETURN_IF_ERROR(CheckFloats());
    if (shape.extents.size() == 1) return Wrong("an image or rows of features");
    shape.extents = {shape.extents.size() == 3 ? shape.extents.front() : shape.extents.back()};
    return Layers{{GlobalAverageSpec{}}};
  }

  Result operator()(const ListedPatches& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".edge", listed.edge));
    BATON_RETURN_IF_ERROR(CheckSize(field + ".outputs", listed.outputs));
    BATON_RETURN_IF_ERROR(CheckImage());
    const std::vector<int64_t> image = shape.extents;
    if (image[1] % listed.edge != 0 || image[2] % listed.edge != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".edge: ", listed.edge, " does not divide height and width of ", shape.ToString()));
    }
    const int64_t patches = (image[1] / listed.edge) * (image[2] / listed.edge);
    shape.extents = {patches + (listed.class_token ? 1 : 0), listed.outputs};
    return Layers{{PatchesSpec{listed.edge}},
                  Linear(name + ".projection", image[0] * listed.edge * listed.edge, listed.outputs, true),
                  {PositionsSpec{name, listed.class_token, kEmbedding}}};
  }

  Result operator()(const ListedEmbedding& listed) const {
    if (!shape.tokens) return Wrong("tokens");
    EmbeddingSpec embedding;
    embedding.token_name = name + ".tokens";
    if (listed.positions) embedding.position_name = name + ".positions";
    embedding.vocabulary = listed.vocabulary;
    embedding.context = listed.context;
    embedding.width = listed.width;
    embedding.initializer = kEmbedding;
    shape.tokens = false;
    shape.extents.push_back(listed.width);
    return Layers{{embedding}};
  }

  Result operator()(const ListedAttention& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".heads", listed.heads));
    if (shape.tokens || shape.extents.size() != 2) return Wrong("rows of features");
    const int64_t width = shape.extents.back();
    if (width % listed.heads != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".heads: ", listed.heads, " does not divide the width ", width));
    }
    const AttentionSpec attention{listed.heads, width, listed.key_value_heads, listed.causal, listed.window};
    Layers layers = {Linear(name + ".qkv", width, attention.RowWidth(), listed.bias)};
    if (listed.rotary.has_value()) {
      layers.push_back(
          {RotarySpec{attention.heads + attention.KeyValueHeads(), attention.HeadWidth(), *listed.rotary}});
    }
    layers.push_back({attention});
    layers.push_back(Linear(name + ".output", width, width, listed.bias));
    return layers;
  }

  Result operator()(const ListedGatedFeedForward& listed) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".inner", listed.inner));
    BATON_RETURN_IF_ERROR(CheckFeatures());
    const int64_t width = shape.extents.back();
    return Layers{Linear(name + ".gate_up", width, 2 * listed.inner, false),
                  {GateSpec{listed.activation}},
                  Linear(name + ".down", listed.inner, width, false)};
  }

 private:
  absl::Status Wrong(const char* wanted) const {
    return absl::InvalidArgumentError(absl::StrCat(field, ": reads ", wanted, ", not ", shape.ToString()));
  }
  absl::Status CheckFloats() const { return shape.tokens ? Wrong("features") : absl::OkStatus(); }
  absl::Status CheckFeatures() const {
    return shape.tokens || shape.extents.size() == 3 ? Wrong("features") : absl::OkStatus();
  }
  absl::Status CheckImage() const {
    return shape.tokens || shape.extents.size() != 3 ? Wrong("an image") : absl::OkStatus();
  }
  absl::Status CheckEpsilon(double epsilon) const {
    if (epsilon > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(field, ".epsilon: ", epsilon, " is not positive"));
  }
  // Sets height and width to those behind a square that slides over the image.
  absl::Status Slide(int64_t kernel, int64_t stride, int64_t padding) const {
    BATON_RETURN_IF_ERROR(CheckSize(field + ".kernel", kernel));
    BATON_RETURN_IF_ERROR(CheckSize(field + ".stride", stride));
    for (int axis = 1; axis < 3; ++axis) {
      const int64_t padded = shape.extents[axis] + 2 * padding;
      if (padded < kernel) {
        return absl::InvalidArgumentError(
            absl::StrCat(field, ".kernel: ", kernel, " is larger than the image, ", shape.ToString()));
      }
      shape.extents[axis] = (padded - kernel) / stride + 1;
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::string ListedShape::ToString() const {
  return absl::StrCat(absl::StrJoin(extents, " x "), tokens ? " tokens" : "");
}

absl::StatusOr<std::vector<LayerSpec>> ConvertListed(const std::string& field, const std::string& name,
                                                     const ListedPlain& listed, ListedShape& shape) {
  return std::visit(Converter{field, name, shape}, listed);
}

}  // namespace baton
