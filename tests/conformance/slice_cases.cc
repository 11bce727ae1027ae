// Cases of the layers of one member of a tensor-parallel group, without the others: sums over members are left out.
#include "tests/conformance/slice_cases.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/conformance/composite_cases.h"
#include "tests/conformance/primitive_cases.h"

namespace baton {

LayerCase WithoutBiasCase(std::vector<int64_t> rows, int64_t inputs, int64_t outputs, DataType type) {
  LayerCase result = LinearCase(std::move(rows), inputs, outputs, true, type);
  result.name += " that another member adds";
  std::get<LinearSpec>(result.spec.kind).adds_bias = false;
  return result;
}

LayerCase EmbeddingSliceCase(LayerCase whole, int64_t begin, int64_t end, int64_t padding, bool adds_positions) {
  auto& spec = std::get<EmbeddingSpec>(whole.spec.kind);
  whole.name = absl::StrCat("slice from ", begin, " of ", whole.name);
  spec.slice = {0, spec.vocabulary, {{begin, end}}, padding};
  spec.adds_positions = adds_positions;
  return whole;
}

LayerCase LossSliceCase(int64_t rows, int64_t whole, int64_t begin, int64_t end, int64_t padding, DataType type,
                        double z_loss) {
  LayerCase result = CrossEntropyCase(rows, end - begin + padding, type, z_loss);
  result.name = absl::StrCat("slice from ", begin, " to ", end, " of ", whole, " of ", result.name);
  std::get<CrossEntropySpec>(result.spec.kind).slice = {1, whole, {{begin, end}}, padding};
  result.num_classes = whole;
  return result;
}

LayerCase DropoutSliceCase(int64_t sequences, int64_t context, int64_t width, int num_members, int member,
                           DataType type) {
  DropoutSpec spec{"d", 0.5};
  spec.rows = {num_members, member, sequences, context};
  const auto [own_sequences, rows] = spec.rows.OfSlice();
  return {absl::StrCat("dropout of member ", member, " of ", num_members, ", width ", width),
          {spec},
          Shape(type, {own_sequences, rows, width})};
}

LayerCase FeedForwardSliceCase(int64_t rows, int64_t hidden, DataType type) {
  LayerCase result = FeedForwardCase(rows, hidden, ActivationKind::kGeluTanh, true, type);
  result.name += " that another member adds";
  std::get<LinearSpec>(std::get<SequenceSpec>(result.spec.kind).layers.back().kind).adds_bias = false;
  return result;
}

}  // namespace baton
