// The update of a chunk's parameters as a backend makes it: AdamW with clipping by the global gradient norm. Used by
// runtime/train through Backend::CreateOptimizer.
#ifndef BATON_OPS_OPTIMIZER_OPTIMIZER_H_
#define BATON_OPS_OPTIMIZER_OPTIMIZER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "ops/layers/layer.h"

namespace baton {

// A parameter where it lies in memory: arrays of [num_elements], f32 but for `working`.
struct OptimizedParameter {
  std::byte* values = nullptr;
  // What layers read where that is not `values`: its elements rounded to the backend's precision; null in f32.
  std::byte* working = nullptr;
  std::byte* gradients = nullptr;
  std::byte* first_moment = nullptr;
  std::byte* second_moment = nullptr;
  int64_t num_elements = 0;
  bool decays = false;  // weight decay applies
  // Where its squared norm goes in the table of all the model's; −1: another copy of a tied parameter counts.
  int32_t norm = -1;
};

// What an update reads when it runs, in memory that host and device share: a captured step sees what the host wrote
// since.
struct UpdateControl {
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;  // 0: no clipping
  int64_t step = 1;      // from 1; corrects the moments' bias
};

// Thread contract: one thread at a time. Lifecycle: made for parameters that stay where they are; nothing is allocated
// after the first call of each kind.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // norms[parameter.norm] ← Σ gradients², in an order that depends on num_elements alone; all other elements of
  // norms: [num_norms] f64, shared memory, become 0.
  virtual absl::Status SquaredNorms(KernelStream stream, double* norms, int64_t num_norms) = 0;

  // One AdamW step (Loshchilov and Hutter 2019, algorithm 2):
  //   *gradient_norm ← √Σ norms;  g ← ClipScale(clip_norm, *gradient_norm) · gradient
  //   m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
  //   w ← w − learning_rate · (m̂ / (√v̂ + ε) + weight_decay · w);  working ← w, rounded;  gradient ← 0
  // norms, control and gradient_norm are in shared memory.
  virtual absl::Status Update(KernelStream stream, const double* norms, int64_t num_norms, const UpdateControl* control,
                              double* gradient_norm) = 0;

  // working ← values, rounded: after the values were set from outside.
  virtual absl::Status RoundValues(KernelStream stream) = 0;
};

}  // namespace baton

#endif  // BATON_OPS_OPTIMIZER_OPTIMIZER_H_
