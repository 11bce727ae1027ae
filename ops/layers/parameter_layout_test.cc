// Regions without gaps or overlaps, and tied parameters.
#include "ops/layers/parameter_layout.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

namespace baton {
namespace {

ParameterSpec Spec(const std::string& name, std::vector<int64_t> extents) {
  return {name, Shape(DataType::kFloat32, std::move(extents)), {}, false};
}

// Fails unless the parts, given as {offset, bytes}, fill [0, end) in any order.
void CheckTiling(std::vector<std::pair<Bytes, Bytes>> parts, Bytes end) {
  std::sort(parts.begin(), parts.end());
  Bytes offset = 0;
  for (const auto& [begin, bytes] : parts) {
    CHECK(begin == offset);
    offset += AlignUp(bytes);
  }
  CHECK(offset == end);
}

TEST_CASE("the parts of a chunk's parameters fill its regions") {
  const DataType precision = GENERATE(DataType::kFloat32, DataType::kBFloat16);
  const std::vector<ParameterSpec> specs = {Spec("a", {3, 5}), Spec("b", {100}), Spec("a", {3, 5}), Spec("c", {7, 64})};
  const ChunkLayout layout = LayOutChunk(specs, precision);
  REQUIRE(layout.offsets.size() == specs.size());
  std::vector<std::pair<Bytes, Bytes>> values, gradients, optimizer;
  for (size_t i = 0; i < specs.size(); ++i) {
    const ParameterOffsets& offsets = layout.offsets[i];
    // Each f32 array has the padding of the values.
    const Bytes padded = AlignUp(specs[i].shape.NumElements() * SizeOf(precision));
    const Bytes bytes = layout.gradient_ratio * padded;
    values.push_back({offsets.values, padded});
    gradients.push_back({offsets.gradients, bytes});
    CHECK(offsets.gradients == layout.gradient_ratio * offsets.values);
    optimizer.push_back({offsets.first_moment, bytes});
    optimizer.push_back({offsets.second_moment, bytes});
    CHECK((offsets.master == ParameterOffsets::kNone) == (precision == DataType::kFloat32));
    if (precision != DataType::kFloat32) optimizer.push_back({offsets.master, bytes});
  }
  CHECK(layout.gradient_ratio == (precision == DataType::kFloat32 ? 1 : 2));
  CheckTiling(values, layout.parameter_bytes);
  CheckTiling(gradients, layout.gradient_bytes());
  CheckTiling(optimizer, layout.optimizer_bytes);
}

TEST_CASE("parameters of 16 bits that are rounded have no masters") {
  const std::vector<ParameterSpec> specs = {Spec("a", {3, 5}), Spec("b", {100})};
  const ChunkLayout masters = LayOutChunk(specs, DataType::kBFloat16);
  const ChunkLayout rounded = LayOutChunk(specs, {DataType::kBFloat16, /*rounds=*/true});
  CHECK(rounded.parameter_bytes == masters.parameter_bytes);
  CHECK(rounded.gradient_bytes() == 2 * rounded.parameter_bytes);
  CHECK(rounded.optimizer_bytes == masters.optimizer_bytes - masters.gradient_bytes());
  for (const ParameterOffsets& offsets : rounded.offsets) {
    CHECK(offsets.master == ParameterOffsets::kNone);
    CHECK(offsets.first_moment == offsets.gradients);
    CHECK(offsets.second_moment == rounded.gradient_bytes() + offsets.gradients);
  }
  const ChunkLayout on_host = LayOutChunk(specs, {DataType::kFloat32, /*rounds=*/true});
  CHECK(on_host.gradient_ratio == 1);
  CHECK(on_host.optimizer_bytes == 2 * on_host.parameter_bytes);
}

TEST_CASE("a chunk takes the sum of what its layers take") {
  const DataType precision = GENERATE(DataType::kFloat32, DataType::kBFloat16);
  const std::vector<ParameterSpec> first = {Spec("a", {3, 5}), Spec("b", {1})}, second = {Spec("c", {9})};
  std::vector<ParameterSpec> both = first;
  both.insert(both.end(), second.begin(), second.end());
  const ChunkLayout all = LayOutChunk(both, precision);
  CHECK(all.parameter_bytes ==
        LayOutChunk(first, precision).parameter_bytes + LayOutChunk(second, precision).parameter_bytes);
  CHECK(all.optimizer_bytes ==
        LayOutChunk(first, precision).optimizer_bytes + LayOutChunk(second, precision).optimizer_bytes);
}

TEST_CASE("a tied parameter has one name and a use in each place") {
  const std::vector<std::vector<ParameterSpec>> chunks = {
      {Spec("tokens", {8, 4}), Spec("a", {4})},
      {Spec("b", {4})},
      {Spec("c", {4}), Spec("tokens", {8, 4}), Spec("tokens", {8, 4})}};
  const ParameterLayout layout = ParameterLayout::Create(chunks, DataType::kFloat32).value();
  std::vector<std::string> names;
  for (const ParameterSpec& spec : layout.parameters()) names.push_back(spec.name);
  CHECK(names == std::vector<std::string>{"tokens", "a", "b", "c"});

  const std::vector<ParameterUse> uses = layout.UsesOf(0);
  REQUIRE(uses.size() == 3);
  CHECK(std::vector<int>{uses[0].chunk, uses[1].chunk, uses[2].chunk} == std::vector<int>{0, 2, 2});
  CHECK(std::vector<bool>{uses[0].canonical, uses[1].canonical, uses[2].canonical} ==
        std::vector<bool>{true, false, false});
  CHECK(uses[1].offsets.values != uses[2].offsets.values);
  CHECK(layout.CanonicalUse(0).chunk == 0);
  CHECK(layout.CanonicalUse(3).chunk == 2);
  CHECK(layout.UsesOf(2).size() == 1);

  REQUIRE(layout.num_chunks() == 3);
  for (int chunk = 0; chunk < 3; ++chunk) {
    const ChunkLayout alone = LayOutChunk(chunks[chunk], DataType::kFloat32);
    CHECK(layout.ParameterBytes(chunk) == alone.parameter_bytes);
    CHECK(layout.OptimizerBytes(chunk) == alone.optimizer_bytes);
    REQUIRE(layout.UsesIn(chunk).size() == chunks[chunk].size());
    for (size_t i = 0; i < chunks[chunk].size(); ++i) {
      CHECK(layout.SpecOf(layout.UsesIn(chunk)[i]).name == chunks[chunk][i].name);
      CHECK(layout.UsesIn(chunk)[i].offsets.second_moment == alone.offsets[i].second_moment);
    }
  }
}

TEST_CASE("one name with two shapes is refused") {
  const std::vector<std::vector<ParameterSpec>> chunks = {{Spec("w", {8, 4})}, {Spec("w", {4, 8})}};
  const absl::Status status = ParameterLayout::Create(chunks, DataType::kFloat32).status();
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() == "parameter w is [4, 8] f32 in one layer and [8, 4] f32 in another");
}

}  // namespace
}  // namespace baton
