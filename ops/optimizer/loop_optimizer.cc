// Each call loops over the parameters before it returns.
#include "ops/optimizer/loop_optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ops/optimizer/clip_scale.h"

namespace baton {
namespace {

// Moves running statistics; see Optimizer::Update.
void UpdateStatistic(const OptimizedParameter& parameter, int64_t num_micro_batches) {
  float* const values = reinterpret_cast<float*>(parameter.values);
  float* const sums = reinterpret_cast<float*>(parameter.gradients);
  for (int64_t i = 0; i < parameter.num_elements; ++i) {
    values[i] += kStatisticMomentum * (sums[i] / static_cast<float>(num_micro_batches) - values[i]);
    sums[i] = 0;
  }
}

class LoopOptimizer final : public Optimizer {
 public:
  LoopOptimizer(OptimizerLoops loops, std::vector<OptimizedParameter> parameters)
      : loops_(std::move(loops)), parameters_(std::move(parameters)) {}

  absl::Status SquaredNorms(KernelStream stream, absl::Span<const double> losses, double* norms,
                            int64_t num_norms) override {
    std::fill_n(norms, num_norms, 0.0);
    for (const OptimizedParameter& parameter : parameters_) {
      if (parameter.norm < 0) continue;
      norms[parameter.norm] =
          loops_.squared_norm(parameter.num_elements, reinterpret_cast<const float*>(parameter.gradients));
    }
    const bool finite = std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); });
    if (!finite && num_norms > 0) norms[0] = std::numeric_limits<double>::quiet_NaN();
    return absl::OkStatus();
  }

  absl::Status JoinNorms(KernelStream stream, const CutNorms& cuts, double* norms) override {
    for (int64_t i = 0; i < cuts.count; ++i) JoinCutNorm(cuts.cuts[i], cuts.levels, norms);
    return absl::OkStatus();
  }

  absl::Status Update(KernelStream stream, const double* norms, int64_t num_norms, const UpdateControl* control,
                      double* gradient_norm) override {
    // Every chunk sums the same norms in the same order, so that all chunks clip by the same factor.
    double squared_norm = 0;
    for (int64_t i = 0; i < num_norms; ++i) squared_norm += norms[i];
    *gradient_norm = std::sqrt(squared_norm);
    const double scale = ClipScale(control->clip_norm, *gradient_norm);
    for (const OptimizedParameter& parameter : parameters_) {
      const bool changes = std::isfinite(*gradient_norm) && !parameter.frozen;
      if (changes && parameter.is_statistic) {
        UpdateStatistic(parameter, control->num_micro_batches);
      } else if (changes) {
        loops_.adamw(parameter, *control, scale);
      } else {
        std::fill_n(reinterpret_cast<float*>(parameter.gradients), parameter.num_elements, 0.0f);
      }
    }
    return absl::OkStatus();
  }

  absl::Status RoundValues(KernelStream stream) override { return absl::OkStatus(); }

 private:
  const OptimizerLoops loops_;
  const std::vector<OptimizedParameter> parameters_;
};

}  // namespace

std::unique_ptr<Optimizer> MakeLoopOptimizer(OptimizerLoops loops, std::vector<OptimizedParameter> parameters) {
  return std::make_unique<LoopOptimizer>(std::move(loops), std::move(parameters));
}

}  // namespace baton
