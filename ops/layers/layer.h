// What a layer is to the rest of Baton: its parameters, the memory it needs, and three calls. A backend makes the
// primitive ones (ops/backend.h); Sequence and Residual compose them. Used by ops/models and runtime/train.
#ifndef BATON_OPS_LAYERS_LAYER_H_
#define BATON_OPS_LAYERS_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "ops/tensor/shape.h"

namespace baton {

// Where kernels put their work: the native handle of a runtime stream (null on the host, where calls are synchronous).
struct KernelStream {
  void* native_handle = nullptr;
};

// How a parameter starts; drawn by counter-based random numbers keyed by the run's seed and the parameter's name, so
// that neither split nor schedule changes it.
struct Initializer {
  enum class Kind : int8_t { kZeros, kOnes, kNormal, kUniform };
  Kind kind = Kind::kZeros;
  double scale = 0.0;  // standard deviation (normal) or half-width (uniform)
};

struct ParameterSpec {
  std::string name;  // unique in the model; two layers that name the same one share it (tied weights)
  Shape shape;
  Initializer initializer;
  bool decays = false;  // weight decay applies (matrices, not biases and norms)
};

// Which of its input a layer reads again in the backward pass.
enum class InputUse : int8_t { kNever, kBackwardInput, kBackwardWeight };

// Bytes for one micro-batch beyond the layer's input and output and their gradients, each a multiple of
// kBufferAlignment.
struct Footprint {
  Bytes saved = 0;         // Forward → BackwardInput
  Bytes saved_weight = 0;  // Forward → BackwardWeight
  Bytes stash = 0;         // BackwardInput → BackwardWeight
  Bytes scratch = 0;       // within one call
  // As saved and saved_weight, but Recompute makes it again, so that it need not be kept.
  Bytes recomputed = 0;
  Bytes recomputed_weight = 0;
};

// The buffers of one call; null where the call has no use for it. All are row-major and kBufferAlignment-aligned.
// BackwardInput reads input (if input_use() is not kNever), saved, saved_weight, grad_output; writes grad_input (null:
// nobody wants it) and stash. BackwardWeight reads input (if kBackwardWeight), saved_weight, stash and grad_output, and
// adds to the parameter gradients. Both also read recomputed_weight, BackwardInput recomputed too. Recompute reads
// input, targets, saved and saved_weight, and writes the two. No call changes a buffer that it only reads.
struct LayerBuffers {
  const std::byte* input = nullptr;
  const std::byte* targets = nullptr;  // int32 class or token ids, for a loss
  std::byte* output = nullptr;
  std::byte* saved = nullptr;
  std::byte* saved_weight = nullptr;
  std::byte* stash = nullptr;
  std::byte* recomputed = nullptr;
  std::byte* recomputed_weight = nullptr;
  const std::byte* grad_output = nullptr;
  std::byte* grad_input = nullptr;
  // Added to what Forward writes to output and BackwardInput to grad_input, in their shape, by layers that say so
  // (adds_to_output, adds_to_grad_input); null for others.
  const std::byte* addend = nullptr;
  std::byte* scratch = nullptr;
  double* loss = nullptr;  // a loss layer's Forward writes the sum over its rows divided by the loss scale's rows
};

// FLOPs of one micro-batch, a multiply-add counted as two.
struct LayerFlops {
  double forward = 0;
  double backward_input = 0;
  double backward_weight = 0;
};

// Thread contract: one thread at a time. Lifecycle: made, BindParameters once, then any number of calls; nothing is
// allocated after the first call of each kind.
class Layer {
 public:
  virtual ~Layer() = default;

  // Shapes for one micro-batch.
  virtual const Shape& input_shape() const = 0;
  virtual const Shape& output_shape() const = 0;  // empty for a loss
  virtual std::vector<ParameterSpec> parameters() const = 0;
  virtual InputUse input_use() const = 0;
  // True if BackwardWeight reads grad_output.
  virtual bool weight_needs_grad_output() const = 0;
  // True if Forward, or BackwardInput, adds LayerBuffers::addend on its way, which saves a pass over memory.
  virtual bool adds_to_output() const { return false; }
  virtual bool adds_to_grad_input() const { return false; }
  virtual Footprint footprint() const = 0;
  virtual LayerFlops flops() const = 0;

  // One pair for each of parameters(), in that order; they stay valid while the layer lives.
  virtual void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) = 0;

  virtual absl::Status Forward(KernelStream stream, const LayerBuffers& buffers) = 0;
  // Makes recomputed and recomputed_weight again, the very bits that Forward wrote there, and if recomputes_output()
  // also the output, where that is not null. Most layers have nothing to make again.
  virtual absl::Status Recompute(KernelStream stream, const LayerBuffers& buffers) { return absl::OkStatus(); }
  virtual bool recomputes_output() const { return false; }
  virtual absl::Status BackwardInput(KernelStream stream, const LayerBuffers& buffers) = 0;
  virtual absl::Status BackwardWeight(KernelStream stream, const LayerBuffers& buffers) = 0;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_LAYER_H_
