// Fuzzes the readers of weights: the input as an index, and as the one file of a small GPT-2. An accepted file can be
// read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/hugging_face/shard_index.h"
#include "runtime/hugging_face/tensor_table.h"
#include "runtime/hugging_face/weights_in.h"

namespace {

baton::proto::Model SmallModel() {
  baton::proto::Model model;
  model.mutable_gpt2()->set_layers(1);
  model.mutable_gpt2()->set_width(1);
  model.mutable_gpt2()->set_context(1);
  model.mutable_gpt2()->set_vocabulary(2);
  model.mutable_gpt2()->set_feed_forward(1);
  model.mutable_gpt2()->set_tied(true);
  return model;
}

}  // namespace

// The file is in memory, one for all inputs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto index = baton::ParseShardIndex({reinterpret_cast<const char*>(data), size}, "index");
  if (index.ok()) {
    for (const std::string& file : index->files) {
      if (file.find('/') != std::string::npos) std::abort();
    }
  }
  static const int descriptor = memfd_create("weights", MFD_CLOEXEC);
  static const baton::proto::Model& model = *new baton::proto::Model(SmallModel());
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto weights = baton::HuggingFaceWeights::Open(absl::StrCat("/proc/self/fd/", descriptor), model);
  if (!weights.ok()) return 0;
  for (const baton::NamedTensor& tensor : baton::TensorTableOf(model).tensors) {
    std::vector<int64_t> extents = tensor.shape;
    if (tensor.transposed) std::swap(extents[0], extents[1]);
    const baton::Shape shape(baton::DataType::kFloat32, extents);
    std::vector<float> values(shape.NumElements());
    const absl::Status read = (*weights)->Read(tensor.parameter, shape, reinterpret_cast<std::byte*>(values.data()));
    if (!read.ok() && !absl::IsInvalidArgument(read)) std::abort();
  }
  return 0;
}
