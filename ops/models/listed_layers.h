// Converts one plain entry of a list of layers. Used only by layer_list.cc.
#ifndef BATON_OPS_MODELS_LISTED_LAYERS_H_
#define BATON_OPS_MODELS_LISTED_LAYERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/models/layer_list.h"

namespace baton {

// The shape of one example: [features], [rows, width], [channels, height, width], or [context] tokens.
struct ListedShape {
  std::vector<int64_t> extents;
  bool tokens = false;

  // As "3 x 32 x 32".
  std::string ToString() const;
  friend bool operator==(const ListedShape& a, const ListedShape& b) {
    return a.extents == b.extents && a.tokens == b.tokens;
  }
};

// Returns the layers of an entry and sets `shape`, of its input, to that of its output. `field`: of the job, for
// errors. `name`: the begin of its parameters' names.
absl::StatusOr<std::vector<LayerSpec>> ConvertListed(const std::string& field, const std::string& name,
                                                     const ListedPlain& listed, ListedShape& shape);

}  // namespace baton

#endif  // BATON_OPS_MODELS_LISTED_LAYERS_H_
