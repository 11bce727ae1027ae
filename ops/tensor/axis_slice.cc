// Checks, formats and copies slices.
#include "ops/tensor/axis_slice.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// Calls copy(offset in the whole, offset in the slice, bytes) for each run of bytes that is contiguous in both.
template <typename Copy>
void ForEachRun(const AxisSlice& slice, const Shape& shape, const Copy& copy) {
  Bytes inner = SizeOf(shape.type());  // of one index of the axis
  for (int axis = slice.axis + 1; axis < shape.rank(); ++axis) inner *= shape[axis];
  int64_t outer = 1;
  for (int axis = 0; axis < slice.axis; ++axis) outer *= shape[axis];
  Bytes part = 0;
  for (int64_t i = 0; i < outer; ++i) {
    for (const IndexRange& range : slice.ranges) {
      const Bytes bytes = (range.end - range.begin) * inner;
      copy((i * slice.whole + range.begin) * inner, part, bytes);
      part += bytes;
    }
    part += slice.padding * inner;
  }
}

}  // namespace

int64_t AxisSlice::NumIndices() const {
  int64_t sum = padding;
  for (const IndexRange& range : ranges) sum += range.end - range.begin;
  return sum;
}

std::string AxisSlice::ToString() const {
  if (IsWhole()) return "whole";
  std::string text = absl::StrCat("axis ", axis, ":");
  for (const IndexRange& range : ranges) absl::StrAppend(&text, " [", range.begin, ", ", range.end, ")");
  return absl::StrCat(text, " of ", whole, padding > 0 ? absl::StrCat(", ", padding, " padded") : "");
}

absl::Status CheckSlice(const std::string& field, const AxisSlice& slice, int64_t extent) {
  if (slice.IsWhole()) return absl::OkStatus();
  int64_t end = 0;
  for (const IndexRange& range : slice.ranges) {
    if (range.begin < end || range.end <= range.begin || range.end > slice.whole) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": ", slice.ToString(), " has ranges that are empty, not ",
                                                     "ascending or not in [0, ", slice.whole, ")"));
    }
    end = range.end;
  }
  if (slice.axis >= 0 && slice.padding >= 0 && slice.NumIndices() == extent) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", slice.ToString(), " does not have ", extent, " indices of an axis"));
}

Shape WholeShape(const AxisSlice& slice, const Shape& part) {
  if (slice.IsWhole()) return part;
  std::vector<int64_t> extents = part.extents();
  extents[slice.axis] = slice.whole;
  return Shape(part.type(), extents);
}

void CopyOutOfWhole(const AxisSlice& slice, const Shape& shape, const std::byte* whole, std::byte* part) {
  if (slice.IsWhole()) {
    std::memcpy(part, whole, shape.NumBytes());
    return;
  }
  if (slice.padding > 0) std::memset(part, 0, shape.NumBytes());
  ForEachRun(slice, shape, [&](Bytes from, Bytes to, Bytes bytes) { std::memcpy(part + to, whole + from, bytes); });
}

void CopyIntoWhole(const AxisSlice& slice, const Shape& shape, const std::byte* part, std::byte* whole) {
  if (slice.IsWhole()) {
    std::memcpy(whole, part, shape.NumBytes());
    return;
  }
  ForEachRun(slice, shape, [&](Bytes to, Bytes from, Bytes bytes) { std::memcpy(whole + to, part + from, bytes); });
}

}  // namespace baton
