// The parameters of a whole model, in model order: which chunk holds which, where, and which are tied. Made once from
// the chunks' layers; used by the stage modules, the trainer and the checkpoint.
#ifndef BATON_RUNTIME_PLANNING_PARAMETER_TABLE_H_
#define BATON_RUNTIME_PLANNING_PARAMETER_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/layers/layer.h"

namespace baton {

// One copy of a parameter in a chunk. A tied parameter has several, each with values and gradients of its own; their
// gradients are summed before each update, so that the copies stay equal.
struct ParameterCopy {
  int parameter = 0;  // index into ParameterTable::parameters
  int chunk = 0;
  Bytes offset = 0;    // in the chunk's parameters, and in its gradients
  bool first = false;  // the first copy counts in the gradient norm and is what a checkpoint holds
};

struct ParameterTable {
  std::vector<ParameterSpec> parameters;           // unique names, in model order
  std::vector<std::vector<ParameterCopy>> chunks;  // [chunk][copy], in the order of Layer::parameters()
  std::vector<Bytes> chunk_bytes;                  // the sum over a chunk's copies, each aligned

  // The copies of one parameter, in model order.
  std::vector<ParameterCopy> CopiesOf(int parameter) const;
};

// Errors: Internal if two layers give the same name different shapes.
absl::StatusOr<ParameterTable> MakeParameterTable(const std::vector<std::vector<ParameterSpec>>& chunks);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_PARAMETER_TABLE_H_
