// Weights that are read from one file and from several, and files that do not fit the model.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "runtime/hugging_face/shard_index.h"
#include "runtime/hugging_face/tensor_table.h"
#include "runtime/hugging_face/weights_in.h"
#include "runtime/hugging_face/weights_out.h"

namespace baton {
namespace {

proto::Model SmallGpt2() {
  proto::Model model;
  proto::Gpt2& gpt2 = *model.mutable_gpt2();
  gpt2.set_layers(1);
  gpt2.set_width(4);
  gpt2.set_heads(2);
  gpt2.set_context(3);
  gpt2.set_vocabulary(5);
  gpt2.set_feed_forward(6);
  gpt2.set_tied(true);
  return model;
}

proto::Model SmallLlama() {
  proto::Model model;
  proto::Llama& llama = *model.mutable_llama();
  llama.set_layers(1);
  llama.set_width(4);
  llama.set_heads(2);
  llama.set_key_value_heads(1);
  llama.set_head_width(6);
  llama.set_feed_forward(3);
  llama.set_vocabulary(5);
  llama.set_query_key_value_bias(true);
  return model;
}

// Tensors by name, each with values of its own.
class Tensors {
 public:
  explicit Tensors(const proto::Model& model) {
    for (const NamedTensor& tensor : TensorTableOf(model).tensors) Add(tensor.name, tensor.shape);
  }
  void Add(const std::string& name, std::vector<int64_t> shape) {
    const Shape whole(DataType::kFloat32, std::move(shape));
    std::vector<float>& values = values_[name];
    values.resize(whole.NumElements());
    for (float& value : values) value = static_cast<float>(next_++);
    tensors_[name] = {name, whole, reinterpret_cast<const std::byte*>(values.data())};
  }
  void Remove(const std::string& name) { tensors_.erase(name); }
  void Rename(const std::string& from, const std::string& to) {
    TensorToWrite tensor = tensors_.at(from);
    tensors_.erase(from);
    tensor.name = to;
    tensors_[to] = tensor;
  }
  void Alias(const std::string& alias, const std::string& name) {
    tensors_[alias] = tensors_.at(name);
    tensors_[alias].name = alias;
  }
  void Retype(const std::string& name, DataType type) {
    TensorToWrite& tensor = tensors_.at(name);
    tensor.shape = Shape(type, tensor.shape.extents());
  }
  const std::map<std::string, TensorToWrite>& all() const { return tensors_; }
  const std::vector<float>& ValuesOf(const std::string& name) const { return values_.at(name); }

  std::string Write(const std::string& name) const {
    const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name, ".safetensors");
    std::vector<TensorToWrite> tensors;
    for (const auto& [key, tensor] : tensors_) tensors.push_back(tensor);
    REQUIRE(WriteSafetensors(path, tensors).ok());
    return path;
  }

 private:
  int next_ = 1;
  std::map<std::string, TensorToWrite> tensors_;
  std::map<std::string, std::vector<float>> values_;
};

std::vector<float> ReadParameter(const HuggingFaceWeights& weights, const std::string& name,
                                 std::vector<int64_t> shape) {
  const Shape whole(DataType::kFloat32, std::move(shape));
  std::vector<float> values(whole.NumElements());
  const absl::Status status = weights.Read(name, whole, reinterpret_cast<std::byte*>(values.data()));
  INFO(status);
  REQUIRE(status.ok());
  return values;
}

TEST_CASE("GPT-2's matrices are transposed") {
  Tensors tensors(SmallGpt2());
  const auto weights = HuggingFaceWeights::Open(tensors.Write("gpt2"), SmallGpt2()).value();
  const std::vector<float>& stored = tensors.ValuesOf("transformer.h.0.mlp.c_fc.weight");  // [4, 6]
  const std::vector<float> read = ReadParameter(*weights, "h.0.mlp.c_fc.weight", {6, 4});
  for (int out = 0; out < 6; ++out) {
    for (int in = 0; in < 4; ++in) CHECK(read[out * 4 + in] == stored[in * 6 + out]);
  }
  CHECK(ReadParameter(*weights, "wte.weight", {5, 4}) == tensors.ValuesOf("transformer.wte.weight"));
}

TEST_CASE("Llama's fused layers have the rows of their parts") {
  Tensors tensors(SmallLlama());
  const auto weights = HuggingFaceWeights::Open(tensors.Write("llama"), SmallLlama()).value();
  for (const char* kind : {"weight", "bias"}) {
    const bool is_bias = kind[0] == 'b';
    const std::vector<int64_t> shape = is_bias ? std::vector<int64_t>{24} : std::vector<int64_t>{24, 4};
    std::vector<float> expected;
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      const auto& values = tensors.ValuesOf(absl::StrCat("model.layers.0.self_attn.", part, ".", kind));
      expected.insert(expected.end(), values.begin(), values.end());
    }
    CHECK(ReadParameter(*weights, absl::StrCat("layers.0.self_attn.qkv_proj.", kind), shape) == expected);
  }
  std::vector<float> expected = tensors.ValuesOf("model.layers.0.mlp.gate_proj.weight");
  const auto& up = tensors.ValuesOf("model.layers.0.mlp.up_proj.weight");
  expected.insert(expected.end(), up.begin(), up.end());
  CHECK(ReadParameter(*weights, "layers.0.mlp.gate_up_proj.weight", {6, 4}) == expected);
}

TEST_CASE("names may lack the prefix; masks and tied heads may be stored") {
  Tensors tensors(SmallGpt2());
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors.all()) names.push_back(name);
  for (const std::string& name : names) tensors.Rename(name, name.substr(sizeof("transformer.") - 1));
  tensors.Add("h.0.attn.bias", {1, 1, 3, 3});
  tensors.Add("h.0.attn.masked_bias", {1});
  tensors.Alias("lm_head.weight", "wte.weight");
  const auto weights = HuggingFaceWeights::Open(tensors.Write("hub"), SmallGpt2());
  INFO(weights.status());
  REQUIRE(weights.ok());
  CHECK(ReadParameter(**weights, "wte.weight", {5, 4}) == tensors.ValuesOf("transformer.wte.weight"));
}

TEST_CASE("tensors that do not fit the model are refused") {
  struct Case {
    std::function<void(Tensors&)> change;
    std::string message;  // behind the path
  };
  const std::string fc = "transformer.h.0.mlp.c_fc.weight";
  const Case cases[] = {
      {[&](Tensors& t) { t.Remove(fc); }, "tensor \"" + fc + "\" is missing: [4, 6]"},
      {[&](Tensors& t) {
         t.Add(fc, {6, 4});
       },
       "tensor \"" + fc + "\" is [6, 4], but must be [4, 6]"},
      {[&](Tensors& t) { t.Add(fc, {24}); }, "tensor \"" + fc + "\" is [24], but must be [4, 6]"},
      {[&](Tensors& t) { t.Retype(fc, DataType::kInt32); },
       "tensor \"" + fc + "\" has type I32, which is not one of F32, BF16, F16"},
      {[](Tensors& t) { t.Add("transformer.h.1.ln_1.bias", {4}); },
       "tensor \"transformer.h.1.ln_1.bias\" is not one of the model's"},
      {[](Tensors& t) {
         t.Add("x", {1});
         t.Add("y", {1});
       },
       "tensor \"x\" is not one of the model's, nor 1 more in the file"},
      {[](Tensors& t) {
         t.Add("lm_head.weight", {5, 3});
       },
       "tensor \"lm_head.weight\" is [5, 3], but must be [5, 4]"},
  };
  for (const Case& each : cases) {
    Tensors tensors(SmallGpt2());
    each.change(tensors);
    const std::string path = tensors.Write("wrong");
    const auto weights = HuggingFaceWeights::Open(path, SmallGpt2());
    CHECK(weights.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(weights.status().message() == path + ": " + each.message);
  }
}

TEST_CASE("a tied head with other values is refused when it is read") {
  Tensors tensors(SmallGpt2());
  tensors.Add("lm_head.weight", {5, 4});
  const std::string path = tensors.Write("tied");
  const auto weights = HuggingFaceWeights::Open(path, SmallGpt2()).value();
  std::vector<std::byte> values(80);
  CHECK(weights->Read("wte.weight", Shape(DataType::kFloat32, {5, 4}), values.data()).message() ==
        path + ": tensor \"lm_head.weight\" differs from \"transformer.wte.weight\", though the model ties them");
}

TEST_CASE("a model in several files needs an index that agrees with them") {
  Tensors tensors(SmallGpt2());
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/shards");
  std::filesystem::create_directories(folder);
  std::vector<TensorToWrite> files[2];
  std::string map;
  int i = 0;
  for (const auto& [name, tensor] : tensors.all()) {
    files[i % 2].push_back(tensor);
    map += absl::StrCat(map.empty() ? "" : ",", "\"", name, "\":\"", i % 2 == 0 ? "a" : "b", ".safetensors\"");
    ++i;
  }
  REQUIRE(WriteSafetensors(folder + "/a.safetensors", files[0]).ok());
  REQUIRE(WriteSafetensors(folder + "/b.safetensors", files[1]).ok());
  const auto open = [&](const std::string& weight_map) {
    std::ofstream(folder + "/model.safetensors.index.json") << "{\"weight_map\":{" << weight_map << "}}";
    const auto weights = HuggingFaceWeights::Open(folder, SmallGpt2());
    return std::string(weights.status().message());
  };
  CHECK(open(map).empty());
  const std::string first = files[0][0].name, second = files[1][0].name;
  const std::string entry = "\"" + first + "\":\"a.safetensors\"";
  const size_t at = map.find(entry);
  REQUIRE(at != std::string::npos);
  std::string moved = map, gone = map, extra = map + ",\"q\":\"a.safetensors\"";
  moved.replace(at + entry.size() - 14, 1, "b");
  CHECK_THAT(open(moved),
             Catch::EndsWith("weight_map says that \"" + first + "\" is in b.safetensors, which does not have it"));
  gone.erase(at, entry.size() + 1);
  CHECK_THAT(open(gone), Catch::Contains("weight_map has no \"" + first + "\", which is in "));
  CHECK_THAT(open(extra), Catch::EndsWith("weight_map says that \"q\" is in a.safetensors, which does not have it"));
  std::string missing = map;
  missing.replace(at + entry.size() - 14, 1, "c");
  CHECK_THAT(open(missing), Catch::Contains("c.safetensors"));
}

TEST_CASE("an index is not trusted") {
  const auto error = [](const std::string& text) {
    return std::string(ParseShardIndex(text, "index").status().message());
  };
  CHECK(error("[]") == "index: the file is no JSON object");
  CHECK(error("{}") == "index: weight_map is missing");
  CHECK(error("{\"weight_map\": 3}") == "index: weight_map is no object of tensors and files");
  CHECK(error("{\"weight_map\": {\"w\": 3}}") == "index: weight_map has \"w\": its file is no string");
  for (const char* file : {"../m.safetensors", "/m.safetensors", "a/m.safetensors", "m.bin", ""}) {
    CHECK(
        error(absl::StrCat("{\"weight_map\": {\"w\": \"", file, "\"}}")) ==
        absl::StrCat("index: weight_map has \"w\": \"", file, "\" is no .safetensors file in the index's own folder"));
  }
}

TEST_CASE("a folder without weights says which files it may have") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/empty");
  std::filesystem::create_directories(folder);
  CHECK(HuggingFaceWeights::Open(folder, SmallGpt2()).status().message() ==
        folder + ": there is neither model.safetensors nor model.safetensors.index.json");
}

}  // namespace
}  // namespace baton
