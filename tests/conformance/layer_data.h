// The cases of the conformance tests and random data for them. Used by layer_cases, layer_run and the tests.
#ifndef BATON_TESTS_CONFORMANCE_LAYER_DATA_H_
#define BATON_TESTS_CONFORMANCE_LAYER_DATA_H_

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/tensor/shape.h"

namespace baton {

// A layer and the shape of its input.
struct LayerCase {
  std::string name;
  LayerSpec spec;
  Shape input;
  int64_t num_tokens = 0;   // the ids of an i32 input are in [0, num_tokens)
  int64_t num_classes = 0;  // targets are in [0, num_classes); 0: the layer has no loss
  double scale = 1.0;       // the input's values are in [−scale, scale)
};

std::ostream& operator<<(std::ostream& out, const LayerCase& layer_case);

// The data of one micro-batch: `input` or `tokens`, and `targets` or `grad_output`.
struct MicroBatchData {
  std::vector<double> input;
  std::vector<int32_t> tokens;
  std::vector<int32_t> targets;
  std::vector<double> grad_output;
  int64_t first_sequence = 0;
};

struct LayerData {
  std::vector<MicroBatchData> micro_batches;
  std::map<std::string, std::vector<double>> parameters;  // by name; tied uses share one entry
  std::set<std::string> statistics;                       // names of those that are; see ParameterSpec::is_statistic
};

// Random numbers from `seed` that are exact in f32. Errors: those of BuildLayer.
absl::StatusOr<LayerData> RandomLayerData(const LayerCase& layer_case, int num_micro_batches, int seed);

// Rounds all numbers to bf16, so that differences between backends are the layer's own.
void RoundToBFloat16(LayerData* data);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_LAYER_DATA_H_
