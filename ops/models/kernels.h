// The kernels that a GPU runs for a layer, with what each computes and moves: the ground of times that are estimated
// (ops/models/kernel_times.h). Used by ops/models/rates.
//
//     Shape shape = model.input_shape;
//     BATON_ASSIGN_OR_RETURN(const LayerKernels kernels, KernelsOf(backend, model.layers[0], shape));
//     for (const Kernel& kernel : kernels.forward) …
#ifndef BATON_OPS_MODELS_KERNELS_H_
#define BATON_OPS_MODELS_KERNELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/backend.h"
#include "ops/layers/spec.h"
#include "ops/models/kernel_shape.h"

namespace baton {

// kProduct: a matrix product in tiles. kAttention: products with a softmax between them, tile by tile. kPass: reads and
// writes memory, and computes little.
enum class KernelKind : int8_t { kPass, kProduct, kAttention };

struct Kernel {
  std::string name;  // as "h.0.mlp.c_fc"; the layer's kind if it has no parameters
  // The code that runs, as "product" or "layer norm forward", whatever the layer's name is, and its operands. Two
  // kernels with the same function and the same shape take the same time.
  std::string function;
  KernelShape shape;
  KernelKind kind = KernelKind::kPass;
  int launches = 1;  // above 1: several kernels that belong together
  double flops = 0;  // that its result needs
  Bytes bytes = 0;   // read and written in device memory, each tensor once
  // A pass only: it also adds up rows into one, as for the gradient of a bias or of a norm's gain.
  bool sums_columns = false;
  // A product only: [m, k] · [k, n] → [m, n].
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  Bytes tile_bytes = 0;  // that it reads and writes for each element of its result
  // Attention only: the FLOPs and scores of whole tiles, and whether the softmax of one tile runs beside the products
  // of another.
  double tiled_flops = 0;
  double scores = 0;
  bool overlaps_softmax = false;
};

// In the order in which they run.
struct LayerKernels {
  std::vector<Kernel> forward;
  std::vector<Kernel> backward_input;
  std::vector<Kernel> backward_weight;
  std::vector<Kernel> recompute;  // those of forward that recomputation repeats
  // Those that are in both halves of the backward pass, and once in a whole one.
  std::vector<Kernel> repeated;
};

// The kernels of `spec`, however deep its layers are nested, for an input of `shape`, which becomes its output's. As
// the CUDA backend fuses them: a linear layer adds the residual that ends in it, a layer norm the gradient of the
// residual that begins with it, and products apply a tanh GELU between two linear layers where elements have 16 bits.
// A primitive layer without products is one pass over its tensors in each direction. Errors: those of building the
// layers.
absl::StatusOr<LayerKernels> KernelsOf(const Backend& backend, const LayerSpec& spec, Shape& shape);

}  // namespace baton

#endif  // BATON_OPS_MODELS_KERNELS_H_
