// Models as PyTorch and transformers compute them: the loss, the gradient of every parameter, and ten steps of AdamW,
// by the reference and by the host. tests/data/models has the weights, the batches and the numbers.
#include <catch2/catch.hpp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ops/host/host_backend.h"
#include "ops/models/bert/bert.h"
#include "ops/models/layer_list.h"
#include "ops/models/resnet/resnet.h"
#include "ops/models/vit/vit.h"
#include "ops/reference/reference_backend.h"
#include "tests/parity/fixture.h"

namespace baton {
namespace {

constexpr int64_t kExamples = 8;  // of a batch
constexpr int kSteps = 10;

// Examples 0..7 and 8..15 of the images. Only ViT trains on the first alone.
std::vector<ParityBatch> ImageBatches() {
  const std::vector<std::byte> images = ReadNpy("images/images.npy"), labels = ReadNpy("images/labels.npy");
  std::vector<ParityBatch> batches(2);
  for (size_t i = 0; i < batches.size(); ++i) {
    const size_t half = images.size() / 2;
    batches[i].input.assign(images.begin() + i * half, images.begin() + (i + 1) * half);
    batches[i].targets.resize(kExamples);
    std::memcpy(batches[i].targets.data(), labels.data() + i * kExamples * 4, kExamples * 4);
  }
  return batches;
}

void AddWeightAndBias(const std::string& tensor, const std::string& parameter, std::vector<NamedPart>& names) {
  names.push_back({tensor + ".weight", parameter + ".weight"});
  names.push_back({tensor + ".bias", parameter + ".bias"});
}

// Three linear layers that are one here.
void AddQueryKeyValue(const std::string& prefix, const std::string& parameter, int64_t width,
                      std::vector<NamedPart>& names) {
  const char* const parts[] = {"query", "key", "value"};
  for (int i = 0; i < 3; ++i) {
    for (const char* kind : {".weight", ".bias"}) {
      names.push_back({absl::StrCat(prefix, parts[i], kind), parameter + kind, i * width, (i + 1) * width});
    }
  }
}

ParityCase VitCase() {
  VitOptions options;
  options.layers = 3;
  options.width = 40;
  options.heads = 5;
  options.feed_forward = 100;
  options.height = options.image_width = 32;
  options.patch = 8;
  options.classes = 10;
  ParityCase result;
  result.folder = "vit";
  result.model = VitModel(options, kExamples, kExamples).value();
  result.batches = ImageBatches();
  std::vector<NamedPart>& names = result.names;
  names = {{"vit.embeddings.cls_token", "embeddings.class_token"},
           {"vit.embeddings.position_embeddings", "embeddings.positions"}};
  AddWeightAndBias("vit.embeddings.patch_embeddings.projection", "embeddings.projection", names);
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string theirs = absl::StrCat("vit.encoder.layer.", i), ours = absl::StrCat("layers.", i);
    AddQueryKeyValue(theirs + ".attention.attention.", ours + ".attention.qkv", options.width, names);
    AddWeightAndBias(theirs + ".attention.output.dense", ours + ".attention.output", names);
    AddWeightAndBias(theirs + ".layernorm_before", ours + ".norm_1", names);
    AddWeightAndBias(theirs + ".layernorm_after", ours + ".norm_2", names);
    AddWeightAndBias(theirs + ".intermediate.dense", ours + ".feed_forward.up", names);
    AddWeightAndBias(theirs + ".output.dense", ours + ".feed_forward.down", names);
  }
  AddWeightAndBias("vit.layernorm", "norm", names);
  AddWeightAndBias("classifier", "classifier", names);
  return result;
}

ParityCase BertCase() {
  BertOptions options;
  options.layers = 3;
  options.width = 40;
  options.heads = 5;
  options.feed_forward = 96;
  options.positions = 48;
  options.vocabulary = 421;
  options.context = 32;
  options.predicted = 1;
  ParityCase result;
  result.folder = "bert";
  result.model = BertModel(options, kExamples, kExamples).value();
  // The fixture has 46 labels in 8 sequences, not the same number in each.
  std::get<CrossEntropySpec>(std::get<SequenceSpec>(result.model.layers.back().kind).layers.back().kind).loss_rows = 46;
  ParityBatch batch;
  batch.input = ReadNpy("bert/input_ids.npy");
  const std::vector<std::byte> segments = ReadNpy("bert/token_type_ids.npy"), labels = ReadNpy("bert/labels.npy");
  const int64_t count = kExamples * options.context;
  REQUIRE(static_cast<int64_t>(labels.size()) == count * 4);
  batch.targets.resize(count);
  std::memcpy(batch.targets.data(), labels.data(), labels.size());
  for (int64_t i = 0; i < count; ++i) {
    reinterpret_cast<int32_t*>(batch.input.data())[i] +=
        reinterpret_cast<const int32_t*>(segments.data())[i] * static_cast<int32_t>(options.vocabulary);
  }
  result.batches = {batch};
  std::vector<NamedPart>& names = result.names;
  names = {{"bert.embeddings.word_embeddings.weight", "embeddings.tokens.weight"},
           {"bert.embeddings.position_embeddings.weight", "embeddings.positions.weight"},
           {"bert.embeddings.token_type_embeddings.weight", "embeddings.segments.weight"},
           {"cls.predictions.bias", "head.bias"}};
  AddWeightAndBias("bert.embeddings.LayerNorm", "embeddings.norm", names);
  for (int64_t i = 0; i < options.layers; ++i) {
    const std::string theirs = absl::StrCat("bert.encoder.layer.", i), ours = absl::StrCat("layers.", i);
    AddQueryKeyValue(theirs + ".attention.self.", ours + ".attention.qkv", options.width, names);
    AddWeightAndBias(theirs + ".attention.output.dense", ours + ".attention.output", names);
    AddWeightAndBias(theirs + ".attention.output.LayerNorm", ours + ".norm_1", names);
    AddWeightAndBias(theirs + ".intermediate.dense", ours + ".feed_forward.up", names);
    AddWeightAndBias(theirs + ".output.dense", ours + ".feed_forward.down", names);
    AddWeightAndBias(theirs + ".output.LayerNorm", ours + ".norm_2", names);
  }
  AddWeightAndBias("cls.predictions.transform.dense", "head.dense", names);
  AddWeightAndBias("cls.predictions.transform.LayerNorm", "head.norm", names);
  return result;
}

// The names of a convolution and its batch norm.
void AddConvolution(const std::string& tensor, const std::string& parameter, std::vector<NamedPart>& names) {
  names.push_back({tensor + ".convolution.weight", parameter + ".convolution.weight"});
  for (const char* kind : {"weight", "bias", "running_mean", "running_var"}) {
    names.push_back({absl::StrCat(tensor, ".normalization.", kind), absl::StrCat(parameter, ".normalization.", kind)});
  }
}

ParityCase ResnetCase(bool bottleneck) {
  ResnetOptions options;
  options.embedding = 12;
  options.widths = bottleneck ? std::vector<int64_t>{24, 40} : std::vector<int64_t>{12, 32};
  options.depths = bottleneck ? std::vector<int64_t>{1, 1} : std::vector<int64_t>{2, 1};
  options.bottleneck = bottleneck;
  options.height = options.width = 32;
  options.classes = 10;
  ParityCase result;
  result.folder = bottleneck ? "resnet_bottleneck" : "resnet";
  result.model = ResnetModel(options, kExamples, kExamples).value();
  result.batches = ImageBatches();
  AddConvolution("resnet.embedder.embedder", "embedder", result.names);
  int64_t channels = options.embedding;
  for (size_t stage = 0; stage < options.widths.size(); ++stage) {
    for (int64_t block = 0; block < options.depths[stage]; ++block) {
      const std::string ours = absl::StrCat("stages.", stage, ".layers.", block);
      const std::string theirs = "resnet.encoder." + ours;
      if (block == 0 && (stage > 0 || channels != options.widths[stage])) {
        AddConvolution(theirs + ".shortcut", ours + ".shortcut", result.names);
      }
      for (int i = 0; i < (bottleneck ? 3 : 2); ++i) {
        AddConvolution(absl::StrCat(theirs, ".layer.", i), absl::StrCat(ours, ".layer.", i), result.names);
      }
      channels = options.widths[stage];
    }
  }
  AddWeightAndBias("classifier.1", "classifier", result.names);
  return result;
}

// What architecture.json describes.
ParityCase CnnCase() {
  LayerListOptions options;
  options.image = {3, 32, 32};
  const ListedActivation relu{ActivationKind::kRelu};
  const auto convolution = [](int64_t outputs, int64_t kernel, int64_t stride, bool bias) {
    return ListedConvolution{outputs, kernel, stride, kernel / 2, bias};
  };
  const auto block = [&](int64_t outputs, int64_t stride, bool changes) {
    ListedResidual residual;
    residual.layers = {convolution(outputs, 3, stride, false), ListedGroupNorm{4}, relu,
                       convolution(outputs, 3, 1, true), ListedGroupNorm{4}};
    if (changes) residual.shortcut = {convolution(outputs, 1, stride, false), ListedGroupNorm{4}};
    return residual;
  };
  ListedLinear classifier;
  classifier.outputs = 10;
  options.layers = {ListedPlain(convolution(12, 3, 1, true)), ListedPlain(ListedGroupNorm{4}), ListedPlain(relu),
                    ListedPlain(ListedPool{{PoolKind::kMax, 3, 2, 1}})};
  options.layers.push_back(block(12, 1, false));
  options.layers.push_back(ListedPlain(relu));
  options.layers.push_back(block(20, 2, true));
  options.layers.push_back(ListedPlain(relu));
  options.layers.push_back(block(32, 2, true));
  options.layers.push_back(ListedPlain(relu));
  options.layers.push_back(ListedPlain(ListedGlobalAverage{}));
  options.layers.push_back(ListedPlain(classifier));
  ParityCase result;
  result.folder = "cnn";
  result.model = LayerListModel(options, kExamples, kExamples).value();
  result.batches = ImageBatches();
  AddWeightAndBias("stem", "layers.0", result.names);
  AddWeightAndBias("stem_norm", "layers.1", result.names);
  for (int i = 1; i <= 3; ++i) {
    const std::string theirs = absl::StrCat("block", i), ours = absl::StrCat("layers.", 2 + 2 * i);
    result.names.push_back({theirs + ".conv1.weight", ours + ".0.weight"});
    AddWeightAndBias(theirs + ".norm1", ours + ".1", result.names);
    AddWeightAndBias(theirs + ".conv2", ours + ".3", result.names);
    AddWeightAndBias(theirs + ".norm2", ours + ".4", result.names);
    if (i == 1) continue;
    result.names.push_back({theirs + ".shortcut.weight", ours + ".shortcut.0.weight"});
    AddWeightAndBias(theirs + ".shortcut_norm", ours + ".shortcut.1", result.names);
  }
  AddWeightAndBias("classifier", "layers.11", result.names);
  return result;
}

void CheckCase(const ParityCase& parity_case) {
  const nlohmann::json expected = ExpectedOf(parity_case.folder);
  const ReferenceBackend reference;
  const HostBackend host(1);
  for (const Backend* backend : {static_cast<const Backend*>(&reference), static_cast<const Backend*>(&host)}) {
    CAPTURE(backend->name());
    CheckAgainstExpected(RunCase(*backend, parity_case, kSteps), expected);
  }
}

}  // namespace

TEST_CASE("ViT is that of transformers") { CheckCase(VitCase()); }

TEST_CASE("BERT is that of transformers") { CheckCase(BertCase()); }

TEST_CASE("ResNet of basic blocks is that of transformers, running statistics included") {
  CheckCase(ResnetCase(/*bottleneck=*/false));
}

TEST_CASE("ResNet of bottlenecks is that of transformers, running statistics included") {
  CheckCase(ResnetCase(/*bottleneck=*/true));
}

TEST_CASE("a list of convolutions, group norms and residuals is that of PyTorch") { CheckCase(CnnCase()); }

}  // namespace baton
