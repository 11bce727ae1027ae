// Updates a chunk's parameters: AdamW with clipping by the global gradient norm. Implemented by each backend, made by
// Backend::CreateOptimizer, called by runtime/train.
#ifndef BATON_OPS_OPTIMIZER_OPTIMIZER_H_
#define BATON_OPS_OPTIMIZER_OPTIMIZER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ops/layers/layer.h"
#include "ops/optimizer/cut_norm.h"

namespace baton {

// A parameter's arrays in the backend's memory, or a part of it. Each has `num_elements` elements, f32 except `working`
// and, where `type` says so, `values`.
struct OptimizedParameter {
  std::byte* values = nullptr;
  // The working copy that layers read: `values` rounded to the backend's precision. Null in f32: layers read `values`.
  std::byte* working = nullptr;
  std::byte* gradients = nullptr;
  std::byte* first_moment = nullptr;
  std::byte* second_moment = nullptr;
  int64_t num_elements = 0;
  bool decays = false;  // weight decay applies
  // Index of the parameter's squared norm in the model's table of norms. −1: not counted, because another tied use or
  // another replica of the same parameter is.
  int32_t norm = -1;
  bool is_statistic = false;  // see ParameterSpec
  bool frozen = false;        // likewise
  // The values are numbers of bf16, to which each update rounds them up or down at random (stochastic_rounding.h): by
  // the key, and from element `first_element` of the parameter on, a multiple of kRoundingBlock. There is no working
  // copy.
  bool rounds = false;
  DataType type = DataType::kFloat32;  // of the values: kFloat32, or kBFloat16 if they are rounded
  uint64_t rounding_key = 0;
  int64_t first_element = 0;
};

// The settings of one update, in memory that host and device share. Read when the update runs, so that a captured step
// uses the values that the host wrote last.
struct UpdateControl {
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;           // 0: no clipping
  int64_t step = 1;               // counts from 1; used to correct the moments' bias
  int64_t num_micro_batches = 1;  // of the step's batch; used for running statistics
  uint64_t seed = 0;              // of stochastic rounding
};

// The part of a running statistic that one update replaces, as PyTorch's momentum of 0.1.
inline constexpr float kStatisticMomentum = 0.1f;

// Lifecycle: the parameters' memory must outlive the optimizer. Allocates at most in the first call of each kind.
// Thread contract: one thread at a time. Stream: a GPU's optimizer enqueues its work on `stream` and returns; a host's
// does it before it returns.
//
//   std::unique_ptr<Optimizer> optimizer = backend.CreateOptimizer(parameters);
//   BATON_RETURN_IF_ERROR(optimizer->SquaredNorms(stream, losses, norms, num_norms));   // then sum `norms` over chunks
//   BATON_RETURN_IF_ERROR(optimizer->Update(stream, norms, num_norms, control, gradient_norm));
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // norms[parameter.norm] ← Σ gradients²; all other elements of norms become 0. Then norms[0] becomes NaN if any of
  // `losses` is not finite, so that Update does nothing on all devices: a loss can overflow although its gradients are
  // finite. losses, norms: [num_norms] f64, in memory that host and device share. The squares are added in the order of
  // tree_sum.h.
  virtual absl::Status SquaredNorms(KernelStream stream, absl::Span<const double> losses, double* norms,
                                    int64_t num_norms) = 0;

  // JoinCutNorm for each of `cuts`, after SquaredNorms and the sum over devices.
  virtual absl::Status JoinNorms(KernelStream stream, const CutNorms& cuts, double* norms) = 0;

  // One update of AdamW as torch.optim.AdamW computes it: the decay is multiplied by the learning rate. (Loshchilov and
  // Hutter 2019, algorithm 2, multiplies it by the schedule's factor alone.)
  //   *gradient_norm ← √Σ norms;  g ← ClipScale(clip_norm, *gradient_norm) · gradient
  //   m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
  //   w ← w − learning_rate · (m̂ / (√v̂ + ε) + weight_decay · w);  working ← w, rounded;  gradient ← 0
  // Then w ← w rounded, if the parameter rounds. A frozen parameter instead: gradient ← 0
  // A running statistic instead: w ← w + kStatisticMomentum · (gradient / num_micro_batches − w);  gradient ← 0
  // If *gradient_norm is NaN or infinite, only the gradients are cleared: w, m, v and working keep their bits.
  // norms: [num_norms] f64, one squared norm for each parameter of the model. norms, control and gradient_norm are in
  // memory that host and device share.
  virtual absl::Status Update(KernelStream stream, const double* norms, int64_t num_norms, const UpdateControl* control,
                              double* gradient_norm) = 0;

  // working ← values, rounded. Call it after something other than Update has written the values.
  virtual absl::Status RoundValues(KernelStream stream) = 0;
};

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_OPTIMIZER_H_
