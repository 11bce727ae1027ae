// Kernels that a GPU fuses only if its library was measured to be faster so (devices.product_choices): whether it did,
// a table of measured kernels says. Used by TimeByRates and by runtime/planning/kernel_table.
#ifndef BATON_OPS_MODELS_FUSED_KERNELS_H_
#define BATON_OPS_MODELS_FUSED_KERNELS_H_

#include <vector>

#include "ops/models/kernels.h"
#include "ops/models/measured_kernels.h"

namespace baton {

// The kernels as they were measured. A product of a weight's gradient that `measured` has with the epilogue
// bias_gradient, and not without one, has that epilogue; what adds its sums to the gradient of the bias takes the place
// of the sums over rows behind it. Other kernels stay, and all do if `measured` is null.
std::vector<Kernel> FuseAsMeasured(std::vector<Kernel> kernels, const MeasuredKernels* measured);

}  // namespace baton

#endif  // BATON_OPS_MODELS_FUSED_KERNELS_H_
