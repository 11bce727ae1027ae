// Slices: shapes, copies out of and into the whole, and what is refused.
#include "ops/tensor/axis_slice.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

std::byte* BytesOf(std::vector<float>& values) { return reinterpret_cast<std::byte*>(values.data()); }

std::vector<float> Ascending(int64_t count) {
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

}  // namespace

TEST_CASE("a slice is cut out of the whole along its axis") {
  struct Case {
    AxisSlice slice;
    std::vector<int64_t> part;
    std::vector<int64_t> whole;
    std::vector<float> values;  // of the slice, if element i of the whole is i
  };
  const Case cases[] = {
      {{}, {2, 2}, {2, 2}, {0, 1, 2, 3}},
      {{0, 4, {{1, 2}, {3, 4}}}, {2, 2}, {4, 2}, {2, 3, 6, 7}},
      {{1, 4, {{0, 1}, {2, 4}}}, {2, 3}, {2, 4}, {0, 2, 3, 4, 6, 7}},
      {{1, 3, {{2, 3}}}, {2, 1, 2}, {2, 3, 2}, {4, 5, 10, 11}},
      {{0, 5, {{4, 5}}}, {1}, {5}, {4}},
      {{0, 5, {{3, 5}}, /*padding=*/1}, {3, 2}, {5, 2}, {6, 7, 8, 9, 0, 0}},
      {{1, 3, {{1, 3}}, /*padding=*/2}, {2, 4}, {2, 3}, {1, 2, 0, 0, 4, 5, 0, 0}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.slice.ToString());
    const Shape part(DataType::kFloat32, each.part);
    const Shape whole = WholeShape(each.slice, part);
    CHECK(whole.extents() == each.whole);
    std::vector<float> values = Ascending(whole.NumElements());
    std::vector<float> cut(part.NumElements(), -1);
    CopyOutOfWhole(each.slice, part, BytesOf(values), BytesOf(cut));
    CHECK(cut == each.values);
    // Back into a whole of other values: only the slice's change.
    std::vector<float> back(whole.NumElements(), -1);
    CopyIntoWhole(each.slice, part, BytesOf(cut), BytesOf(back));
    int64_t kept = 0;
    for (int64_t i = 0; i < whole.NumElements(); ++i) {
      if (back[i] == -1) continue;
      CHECK(back[i] == values[i]);
      ++kept;
    }
    const int64_t padded = part.NumElements() / part[each.slice.axis] * each.slice.padding;
    CHECK(kept == part.NumElements() - padded);
  }
}

TEST_CASE("ranges must be ascending, within the whole and as many as the extent") {
  CHECK(CheckSlice("slice", {}, 7).ok());
  CHECK(CheckSlice("slice", {0, 6, {{0, 2}, {4, 6}}}, 4).ok());
  CHECK(CheckSlice("slice", {0, 6, {{3, 6}}, /*padding=*/1}, 4).ok());
  const std::pair<AxisSlice, std::string> cases[] = {
      {{0, 6, {{4, 6}, {0, 2}}},
       "slice: axis 0: [4, 6) [0, 2) of 6 has ranges that are empty, not ascending or not in [0, 6)"},
      {{0, 6, {{5, 7}}}, "slice: axis 0: [5, 7) of 6 has ranges that are empty, not ascending or not in [0, 6)"},
      {{0, 6, {{2, 2}}}, "slice: axis 0: [2, 2) of 6 has ranges that are empty, not ascending or not in [0, 6)"},
      {{1, 6, {{0, 3}}}, "slice: axis 1: [0, 3) of 6 does not have 4 indices of an axis"},
      {{1, 6, {{0, 3}}, /*padding=*/2}, "slice: axis 1: [0, 3) of 6, 2 padded does not have 4 indices of an axis"},
      {{1, 6, {{0, 6}}, /*padding=*/-2}, "slice: axis 1: [0, 6) of 6 does not have 4 indices of an axis"},
  };
  for (const auto& [slice, message] : cases) CHECK(CheckSlice("slice", slice, 4).message() == message);
}

}  // namespace baton
