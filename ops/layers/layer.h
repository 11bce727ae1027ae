// The interface of a layer: its shapes, its parameters, the memory it needs, and its passes. A backend makes primitive
// layers (ops/backend.h); Sequence, Residual and Recomputed compose them. Used by runtime/train through BuildLayer.
//
//   layer->BindParameters(values, gradients);         // once
//   layer->Forward(stream, buffers);                  // for each micro-batch, in this order:
//   layer->Recompute(stream, buffers);
//   layer->BackwardInput(stream, buffers);
//   layer->BackwardWeight(stream, buffers);           // at any time after its BackwardInput; or both by Backward
#ifndef BATON_OPS_LAYERS_LAYER_H_
#define BATON_OPS_LAYERS_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"
#include "ops/tensor/axis_slice.h"
#include "ops/tensor/pass_buffers.h"
#include "ops/tensor/shape.h"

namespace baton {

// The native handle of the stream on which kernels are enqueued. Null on the host, where calls are synchronous.
struct KernelStream {
  void* native_handle = nullptr;
};

// The initial values of a parameter. Random ones are counter-based and keyed by the run's seed and the parameter's
// name, so that they do not depend on split and schedule.
struct Initializer {
  enum class Kind : int8_t { kZeros, kOnes, kNormal, kUniform };
  Kind kind = Kind::kZeros;
  double scale = 0.0;  // standard deviation (normal) or half-width (uniform)
};

struct ParameterSpec {
  std::string name;  // unique in the model; layers that name the same parameter share it (tied uses)
  Shape shape;
  Initializer initializer;
  bool decays = false;  // weight decay applies: to matrices, not to biases and norms
  // A running statistic of activations, which no gradient trains. BackwardWeight adds each micro-batch's value to its
  // gradient, and Update moves it a tenth of the way to their mean (Optimizer::Update). Not part of the gradient norm.
  bool is_statistic = false;
  // Training leaves it as it is. A primitive layer whose parameters are all frozen computes no gradients of them;
  // others compute them, and they are not used. Not part of the gradient norm.
  bool frozen = false;
  // The part of the whole parameter that `shape` is, for a member of a tensor-parallel group.
  AxisSlice slice{};
};

// The last pass in which a layer reads its input again.
enum class InputUse : int8_t { kNever, kBackwardInput, kBackwardWeight };

// The memory that a layer needs for one micro-batch besides its input, its output and their gradients. Each number is a
// multiple of kBufferAlignment.
struct Footprint {
  Bytes saved = 0;         // live from Forward to BackwardInput
  Bytes saved_weight = 0;  // live from Forward to BackwardWeight
  Bytes stash = 0;         // live from BackwardInput to BackwardWeight
  Bytes scratch = 0;       // live within one call
  // Live as saved and saved_weight, but Recompute writes them again, so that they may be dropped between Forward and
  // Recompute.
  Bytes recomputed = 0;
  Bytes recomputed_weight = 0;
};

// FLOPs of one micro-batch. A multiply-add counts as two.
struct LayerFlops {
  double forward = 0;
  double backward_input = 0;
  double backward_weight = 0;
  // That each half of a backward pass repeats and a whole one has once; in none of the others.
  double repeated = 0;
};

// The sums, and their bytes, that a member of a tensor-parallel group exchanges with the others for one micro-batch.
struct MemberTraffic {
  int forward_sums = 0;
  int backward_sums = 0;
  Bytes forward_bytes = 0;  // of all buffers that Forward sums
  Bytes backward_bytes = 0;
  // Halves of sums: slices of rows that are gathered, or sums whose slices are scattered.
  struct Halves {
    int forward = 0;
    int backward = 0;
    Bytes forward_bytes = 0;  // of whole rows
    Bytes backward_bytes = 0;
  };
  Halves halves = {};

  void AddHalves(const Halves& other) {
    halves.forward += other.forward;
    halves.backward += other.backward;
    halves.forward_bytes += other.forward_bytes;
    halves.backward_bytes += other.backward_bytes;
  }
  void Add(const MemberTraffic& other) {
    forward_sums += other.forward_sums;
    backward_sums += other.backward_sums;
    forward_bytes += other.forward_bytes;
    backward_bytes += other.backward_bytes;
    AddHalves(other.halves);
  }
  // The same with the exchanges of Forward again in front of the backward pass.
  void AddForwardToBackward() {
    Add({0, forward_sums, 0, forward_bytes, {0, halves.forward, 0, halves.forward_bytes}});
  }
};

// Lifecycle: BindParameters once, then any number of calls. Allocates at most in the first call of each kind.
// Stream: a GPU's layer enqueues its work on `stream` and returns; a host's does it before it returns. The same shapes
// and values give the same bits, at any addresses. Thread contract: one thread at a time.
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
  // True if Forward, or BackwardInput, adds PassBuffers::addend, which saves a pass over memory.
  virtual bool adds_to_output() const { return false; }
  virtual bool adds_to_grad_input() const { return false; }
  // Says that BackwardInput will have the output that Forward wrote, in buffers.output. A layer that reads it then need
  // not save it, so footprint() may change. Called at most once, before all passes.
  virtual void ExpectOutput() {}
  virtual Footprint footprint() const = 0;
  virtual LayerFlops flops() const = 0;
  virtual MemberTraffic member_traffic() const { return {}; }

  // Binds the values and gradients of parameters(), in that order. They must outlive the layer.
  virtual void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) = 0;

  // Says which of parameters() are frozen, in that order; none if it is not called.
  virtual void Freeze(const std::vector<bool>& frozen) {}
  // True for a primitive layer with parameters that are all frozen: nobody calls BackwardWeight.
  virtual bool is_frozen() const { return false; }

  virtual absl::Status Forward(KernelStream stream, const PassBuffers& buffers) = 0;
  // Writes recomputed and recomputed_weight again, with the same bits as Forward. Writes the output, too, if
  // recomputes_output() and it is not null. Does nothing in layers that recompute nothing.
  virtual absl::Status Recompute(KernelStream stream, const PassBuffers& buffers) { return absl::OkStatus(); }
  virtual bool recomputes_output() const { return false; }
  virtual absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) = 0;
  virtual absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) = 0;

  // Both at once, without the weights' half if is_frozen(). buffers: those of BackwardInput and BackwardWeight, but no
  // stash, and scratch of backward_scratch() bytes.
  virtual absl::Status Backward(KernelStream stream, const PassBuffers& buffers) {
    PassBuffers both = buffers;
    both.stash = buffers.scratch;
    both.scratch = buffers.scratch + footprint().stash;
    both.is_whole_backward = true;
    if (absl::Status status = BackwardInput(stream, both); !status.ok() || is_frozen()) return status;
    return BackwardWeight(stream, both);
  }
  virtual Bytes backward_scratch() const { return footprint().stash + footprint().scratch; }
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_LAYER_H_
