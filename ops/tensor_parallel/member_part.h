// The part of a member, and linear layers cut for it. Used only by the files beside it.
#ifndef BATON_OPS_TENSOR_PARALLEL_MEMBER_PART_H_
#define BATON_OPS_TENSOR_PARALLEL_MEMBER_PART_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ops/layers/spec.h"

namespace baton {

struct MemberPart {
  int num_members = 1;
  int member = 0;

  bool Divides(int64_t extent) const { return extent % num_members == 0; }
  // Errors: InvalidArgument such as "parallel.tensor: 3 does not divide the 4 heads of h.0.attn.c_attn".
  absl::Status CheckDivides(int64_t extent, const std::string& what) const {
    if (Divides(extent)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.tensor: ", num_members, " does not divide the ", extent, " ", what));
  }
  // The member's part of `extent` indices from `begin` on. num_members divides extent.
  IndexRange RangeOf(int64_t extent, int64_t begin = 0) const {
    const int64_t size = extent / num_members;
    return {begin + member * size, begin + (member + 1) * size};
  }
  // The member's part of `extent` indices along `axis`, where `extent` is at least num_members. If num_members does not
  // divide it, the first members have an index more, and the others as much padding.
  AxisSlice PaddedPart(int axis, int64_t extent) const {
    const int64_t more = extent % num_members;  // members that have an index more
    const int64_t begin = member * (extent / num_members) + std::min<int64_t>(member, more);
    const int64_t size = extent / num_members + (member < more ? 1 : 0);
    return {axis, extent, {{begin, begin + size}}, more > 0 && member >= more ? 1 : 0};
  }
};

// Those rows of the weight and of the bias, a slice of axis 0.
inline LayerSpec LinearByRows(const LayerSpec& layer, AxisSlice rows) {
  LinearSpec linear = std::get<LinearSpec>(layer.kind);
  linear.slice = std::move(rows);
  linear.outputs = linear.slice.NumIndices();
  return {std::move(linear), layer.recompute};
}

inline LayerSpec LinearByRows(const LayerSpec& layer, std::vector<IndexRange> rows) {
  return LinearByRows(layer, AxisSlice{0, std::get<LinearSpec>(layer.kind).outputs, std::move(rows)});
}

// Those columns of the weight. The outputs of all members are summed, so that only the first adds the bias.
inline LayerSpec LinearByColumns(const MemberPart& part, const LayerSpec& layer, IndexRange columns) {
  LinearSpec linear = std::get<LinearSpec>(layer.kind);
  linear.slice = {1, linear.inputs, {columns}};
  linear.inputs = linear.slice.NumIndices();
  linear.adds_bias = part.member == 0;
  return {std::move(linear), layer.recompute};
}

}  // namespace baton

#endif  // BATON_OPS_TENSOR_PARALLEL_MEMBER_PART_H_
