// The shape of an example between the layers of a list. Used by resolve_layer_list.cc, resolve_listed_layer.h and
// job_sizes.cc.
#ifndef BATON_RUNTIME_JOB_LAYER_SHAPES_H_
#define BATON_RUNTIME_JOB_LAYER_SHAPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace baton {

// [features], [rows, width], [channels, height, width], or [context] tokens.
struct ExampleShape {
  std::vector<int64_t> extents;
  bool tokens = false;

  bool is_image() const { return extents.size() == 3; }
  bool is_rows() const { return extents.size() == 2; }
  int64_t width() const { return extents.back(); }
  double NumElements() const;
  // As "3 x 32 x 32".
  std::string ToString() const;
  friend bool operator==(const ExampleShape& a, const ExampleShape& b) {
    return a.extents == b.extents && a.tokens == b.tokens;
  }
};

// The input of a list: tokens if its first layer is an embedding. `context`: tokens of a sequence.
ExampleShape InputOfList(const proto::Model& model, int64_t context);

// Changes `shape` from that of the layer's input to that of its output. `layer` is resolved and fits its input.
void PassThrough(const proto::Layer& layer, ExampleShape& shape);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_LAYER_SHAPES_H_
