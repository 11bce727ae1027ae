// Which tensors a model has in Hugging Face's files, and where each is in Baton's parameters. Each family writes the
// table for a model; the readers and writers of weights follow it. Used by weights_in.h and weights_out.h.
//
//   {"transformer.h.0.attn.c_attn.weight", {768, 2304}, "h.0.attn.c_attn.weight", 0, /*transposed=*/true}
//   {"model.layers.0.self_attn.k_proj.weight", {512, 2048}, "layers.0.self_attn.qkv_proj.weight", 2048}
#ifndef BATON_RUNTIME_HUGGING_FACE_TENSOR_TABLE_H_
#define BATON_RUNTIME_HUGGING_FACE_TENSOR_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace baton {

// One tensor. Its elements are those of the parameter's rows [first_row, first_row + rows of the tensor); if
// transposed, the parameter's rows are the tensor's columns.
struct NamedTensor {
  std::string name;            // as save_pretrained writes it
  std::vector<int64_t> shape;  // likewise
  std::string parameter;       // Baton's name
  int64_t first_row = 0;
  bool transposed = false;  // for matrices
};

struct TensorTable {
  std::vector<NamedTensor> tensors;  // each parameter is covered once
  std::string prefix;                // that names may lack in files of the model without its head
  // Names of tensors that may be in a file, and have the values of another one.
  std::vector<std::pair<std::string, std::string>> aliases;  // {alias, name}
  // True for a tensor that is no parameter and does not change the result, such as a stored mask. `name` is without the
  // prefix.
  bool (*passed_over)(const std::string& name) = nullptr;
};

// Empty for a model that Hugging Face has no form of: its tensors have Baton's names and shapes. `model`: resolved.
TensorTable TensorTableOf(const proto::Model& model);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_TENSOR_TABLE_H_
