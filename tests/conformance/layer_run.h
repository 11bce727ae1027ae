// Runs one layer as a schedule does, with several micro-batches in flight, in guarded and poisoned memory. Used by the
// conformance tests, which compare the results of two runs.
#ifndef BATON_TESTS_CONFORMANCE_LAYER_RUN_H_
#define BATON_TESTS_CONFORMANCE_LAYER_RUN_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/backends.h"
#include "tests/conformance/layer_data.h"

namespace baton {

struct LayerRunOptions {
  bool forward_only = false;
  bool evaluates = false;  // runs the passes of an evaluation, not of training
  bool wants_grad_input = true;
  bool whole_backward = false;  // runs Backward in place of BackwardInput and BackwardWeight
  int address_shift = 0;        // moves all buffers, in units of kBufferAlignment
};

struct LayerRun {
  std::vector<std::vector<double>> outputs;  // [micro-batch]; empty for a loss
  double loss = 0;                           // summed over micro-batches
  std::vector<std::vector<double>> grad_inputs;
  std::map<std::string, std::vector<double>> gradients;  // by parameter, kInitialGradient included
};

// The value of all gradients of parameters before the first BackwardWeight, which adds to them.
inline constexpr double kInitialGradient = 0.25;

// Runs all Forwards; then, for each micro-batch, Recompute if the layer recomputes anything, and BackwardInput; then
// all BackwardWeights, unless options.whole_backward. An f32 case runs in the backend's precision. Scratch is poisoned
// before each call, recomputed buffers are poisoned between Forward and Recompute, and buffers that a call may not use
// by its contract are null. Errors: those of the layer; Internal if a call writes outside a buffer or into one that it
// may only read.
absl::StatusOr<LayerRun> RunLayer(const BackendUnderTest& under_test, const LayerCase& layer_case,
                                  const LayerData& data, const LayerRunOptions& options = {});

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_LAYER_RUN_H_
