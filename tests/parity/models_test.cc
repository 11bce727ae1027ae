// Models as PyTorch and transformers compute them: the loss, the gradient of every parameter, and ten steps of AdamW,
// by the reference and by the host. tests/data/models has the weights, the batches and the numbers.
#include <catch2/catch.hpp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ops/host/host_backend.h"
#include "ops/models/layer_list.h"
#include "ops/reference/reference_backend.h"
#include "runtime/hugging_face/tensor_table.h"
#include "runtime/job/job_file.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/job_model.h"
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

// The model of a folder of Hugging Face, read as a job reads it. `fields`: of the job besides.
ParityCase HuggingFaceCase(const std::string& folder, const std::string& image, const std::string& data) {
  const std::string text = absl::StrCat("model { hugging_face: \"tests/data/models/", folder, "\" ", image,
                                        " } data { ", data, " } batch { sequences: ", kExamples, " } run { steps: 1 }");
  const proto::Job job = ResolveJob(ParseJob(text, "test").value()).value();
  ParityCase result;
  result.folder = folder;
  result.model = ModelOfJob(job).value();
  for (const NamedTensor& tensor : TensorTableOf(job.model()).tensors) {
    result.names.push_back(
        {tensor.name, tensor.parameter, tensor.first_row, Shape(DataType::kFloat32, tensor.shape).NumElements()});
  }
  return result;
}

ParityCase ImageCase(const std::string& folder, const std::string& image) {
  ParityCase result = HuggingFaceCase(folder, image, "clusters {}");
  result.batches = ImageBatches();
  return result;
}

ParityCase BertCase() {
  constexpr int64_t kContext = 32;
  constexpr int32_t kVocabulary = 421;
  ParityCase result =
      HuggingFaceCase("bert", "", absl::StrCat("tokens: \"none\" context: ", kContext, " masking { mask_token: 4 }"));
  // The fixture has 46 labels in 8 sequences, not the same number in each.
  std::get<CrossEntropySpec>(std::get<SequenceSpec>(result.model.layers.back().kind).layers.back().kind).loss_rows = 46;
  ParityBatch batch;
  batch.input = ReadNpy("bert/input_ids.npy");
  const std::vector<std::byte> segments = ReadNpy("bert/token_type_ids.npy"), labels = ReadNpy("bert/labels.npy");
  const int64_t count = kExamples * kContext;
  REQUIRE(static_cast<int64_t>(labels.size()) == count * 4);
  batch.targets.resize(count);
  std::memcpy(batch.targets.data(), labels.data(), labels.size());
  for (int64_t i = 0; i < count; ++i) {
    reinterpret_cast<int32_t*>(batch.input.data())[i] +=
        reinterpret_cast<const int32_t*>(segments.data())[i] * kVocabulary;
  }
  result.batches = {batch};
  return result;
}

// The model that architecture.json describes.
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

TEST_CASE("ViT is that of transformers") { CheckCase(ImageCase("vit", "")); }

TEST_CASE("BERT is that of transformers") { CheckCase(BertCase()); }

TEST_CASE("ResNet of basic blocks is that of transformers, running statistics included") {
  CheckCase(ImageCase("resnet", "image { height: 32 }"));
}

TEST_CASE("ResNet of bottlenecks is that of transformers, running statistics included") {
  CheckCase(ImageCase("resnet_bottleneck", "image { height: 32 }"));
}

TEST_CASE("ResNet with GELU has it behind its stem and blocks, and ReLU within blocks, as transformers has") {
  CheckCase(ImageCase("resnet_gelu", "image { height: 32 }"));
}

TEST_CASE("a list of convolutions, group norms and residuals is that of PyTorch") { CheckCase(CnnCase()); }

}  // namespace baton
