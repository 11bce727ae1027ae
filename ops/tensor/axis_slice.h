// The part of a parameter that one member of a tensor-parallel group has: ranges of indices along one axis of the
// whole. Used by specs of layers, and by what reads and writes parameters as wholes (initial values, checkpoints).
//
//   whole [6, width], queries, keys and values of two heads; member 1 of 2:
//     axis 0, ranges [1, 2) [3, 4) [5, 6)          the second head of each
#ifndef BATON_OPS_TENSOR_AXIS_SLICE_H_
#define BATON_OPS_TENSOR_AXIS_SLICE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ops/tensor/shape.h"

namespace baton {

struct IndexRange {
  int64_t begin = 0;
  int64_t end = 0;  // exclusive
};

inline bool operator==(const IndexRange& a, const IndexRange& b) { return a.begin == b.begin && a.end == b.end; }

// Default: the whole parameter.
struct AxisSlice {
  int axis = 0;
  int64_t whole = 0;               // the extent of the whole along `axis`; 0: nothing is cut
  std::vector<IndexRange> ranges;  // ascending, in [0, whole); the slice has them one behind the other
  // Indices behind the ranges that the whole has not, so that slices of all members have one size. Zeros are their
  // values.
  int64_t padding = 0;

  bool IsWhole() const { return whole == 0; }
  int64_t NumIndices() const;  // with padding
  // Such as "axis 0: [1, 2) [3, 4) of 6", or "axis 0: [3, 5) of 5, 1 padded".
  std::string ToString() const;
};

inline bool operator==(const AxisSlice& a, const AxisSlice& b) {
  return a.axis == b.axis && a.whole == b.whole && a.ranges == b.ranges && a.padding == b.padding;
}
inline bool operator!=(const AxisSlice& a, const AxisSlice& b) { return !(a == b); }

// Errors: InvalidArgument, beginning with `field`, if the ranges are not ascending and disjoint in [0, slice.whole), or
// do not have `extent` indices together with padding of at least 0. A whole parameter has any extent.
absl::Status CheckSlice(const std::string& field, const AxisSlice& slice, int64_t extent);

// The shape of the whole parameter whose slice has the shape `part`.
Shape WholeShape(const AxisSlice& slice, const Shape& part);

// Copies the slice out of the whole, or into it. Padding becomes zeros in `part`, and is not in `whole`. `shape`: of
// the slice. whole: WholeShape(slice, shape).NumBytes(); part: shape.NumBytes(). Both in host memory.
void CopyOutOfWhole(const AxisSlice& slice, const Shape& shape, const std::byte* whole, std::byte* part);
void CopyIntoWhole(const AxisSlice& slice, const Shape& shape, const std::byte* part, std::byte* whole);

}  // namespace baton

#endif  // BATON_OPS_TENSOR_AXIS_SLICE_H_
