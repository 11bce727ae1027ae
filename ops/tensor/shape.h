// The extents of a dense row-major tensor and the type of its elements. Used by all of ops.
#ifndef BATON_OPS_TENSOR_SHAPE_H_
#define BATON_OPS_TENSOR_SHAPE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/units.h"

namespace baton {

enum class DataType : int8_t { kFloat32, kFloat64, kInt32, kBFloat16 };

// The size of one element.
inline constexpr Bytes SizeOf(DataType type) {
  return type == DataType::kFloat64 ? 8 : type == DataType::kBFloat16 ? 2 : 4;
}

// A default-constructed shape is empty: it has no axes and no elements.
class Shape {
 public:
  Shape() = default;
  Shape(DataType type, std::vector<int64_t> extents) : type_(type), extents_(std::move(extents)) {}

  DataType type() const { return type_; }
  const std::vector<int64_t>& extents() const { return extents_; }
  int rank() const { return static_cast<int>(extents_.size()); }
  int64_t operator[](int axis) const { return extents_[axis]; }
  bool empty() const { return extents_.empty(); }

  int64_t NumElements() const {
    if (extents_.empty()) return 0;
    int64_t product = 1;
    for (int64_t extent : extents_) product *= extent;
    return product;
  }
  Bytes NumBytes() const { return NumElements() * SizeOf(type_); }

  // Such as "[2, 128, 64] f32".
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.type_ == b.type_ && a.extents_ == b.extents_; }
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  DataType type_ = DataType::kFloat32;
  std::vector<int64_t> extents_;
};

}  // namespace baton

#endif  // BATON_OPS_TENSOR_SHAPE_H_
