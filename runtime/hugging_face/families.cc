// The table of families, and what reads by it.
#include "runtime/hugging_face/families.h"

namespace baton {
namespace {

constexpr PretrainedClass kClasses[] = {
    {"gpt2", "GPT2LMHeadModel", ReadGpt2Config},         {"llama", "LlamaForCausalLM", ReadLlamaConfig},
    {"mistral", "MistralForCausalLM", ReadLlamaConfig},  {"qwen2", "Qwen2ForCausalLM", ReadLlamaConfig},
    {"qwen3", "Qwen3ForCausalLM", ReadLlamaConfig},      {"bert", "BertForMaskedLM", ReadBertConfig},
    {"vit", "ViTForImageClassification", ReadVitConfig}, {"resnet", "ResNetForImageClassification", ReadResnetConfig},
};

constexpr ModelFamily kFamilies[] = {
    {proto::Model::kGpt2, WriteGpt2Config, Gpt2Tensors},       {proto::Model::kLlama, WriteLlamaConfig, LlamaTensors},
    {proto::Model::kBert, WriteBertConfig, BertTensors},       {proto::Model::kVit, WriteVitConfig, VitTensors},
    {proto::Model::kResnet, WriteResnetConfig, ResnetTensors},
};

}  // namespace

absl::Span<const PretrainedClass> PretrainedClasses() { return kClasses; }

const ModelFamily* FamilyOf(const proto::Model& model) {
  for (const ModelFamily& family : kFamilies) {
    if (family.kind == model.kind_case()) return &family;
  }
  return nullptr;
}

TensorTable TensorTableOf(const proto::Model& model) {
  const ModelFamily* const family = FamilyOf(model);
  return family == nullptr ? TensorTable{} : family->tensors(model);
}

}  // namespace baton
