// Runs one layer as a schedule would, several micro-batches in flight, in guarded and poisoned memory. Used by the
// conformance tests, which compare what comes out.
#ifndef BATON_TESTS_CONFORMANCE_LAYER_RUN_H_
#define BATON_TESTS_CONFORMANCE_LAYER_RUN_H_

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "tests/conformance/backends.h"

namespace baton {

// A layer and the shape it is made for.
struct LayerCase {
  std::string name;
  LayerSpec spec;
  Shape input;
  int64_t num_tokens = 0;   // ids of an int32 input are below this
  int64_t num_classes = 0;  // targets are below this; 0: no loss
  double scale = 1.0;       // of the input's values
};

std::ostream& operator<<(std::ostream& out, const LayerCase& layer_case);

// What one micro-batch brings in.
struct MicroBatchData {
  std::vector<double> input;  // or
  std::vector<int32_t> tokens;
  std::vector<int32_t> targets;
  std::vector<double> grad_output;
};

struct LayerData {
  std::vector<MicroBatchData> micro_batches;
  std::map<std::string, std::vector<double>> parameters;  // by name: tied ones are one
};

// Random numbers from `seed`, all of them exact as floats. Errors: as the layer's creation.
absl::StatusOr<LayerData> RandomLayerData(const LayerCase& layer_case, int num_micro_batches, int seed);

// Makes all numbers exact in bf16, too, so that what remains of a difference is the layer's own.
void RoundToBFloat16(LayerData* data);

struct LayerRunOptions {
  bool forward_only = false;
  bool wants_grad_input = true;
  int address_shift = 0;  // of the buffers, in kBufferAlignment
};

struct LayerRun {
  std::vector<std::vector<double>> outputs;  // one a micro-batch; none of a loss
  double loss = 0;                           // the sum over micro-batches
  std::vector<std::vector<double>> grad_inputs;
  std::map<std::string, std::vector<double>> gradients;  // what was added to kInitialGradient, and that
};

// What gradients hold before the first BackwardWeight, which adds to them.
inline constexpr double kInitialGradient = 0.25;

// An f32 case is run in the backend's precision. All Forwards, then for each micro-batch Recompute, where the layer has
// any, and BackwardInput, then all BackwardWeights; what is recomputed is poisoned in between. Each sees scratch
// poisoned and the buffers that it has no use for by its contract null. Errors: those of the layer; Internal if a call
// writes outside a buffer or into one that it only reads.
absl::StatusOr<LayerRun> RunLayer(const BackendUnderTest& under_test, const LayerCase& layer_case,
                                  const LayerData& data, const LayerRunOptions& options = {});

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_LAYER_RUN_H_
