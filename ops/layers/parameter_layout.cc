// Offsets chunk by chunk, and names that occur in several chunks.
#include "ops/layers/parameter_layout.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

ChunkLayout LayOutChunk(absl::Span<const ParameterSpec> parameters, DataType precision) {
  ChunkLayout layout;
  for (const ParameterSpec& parameter : parameters) layout.parameter_bytes += AlignUp(parameter.shape.NumBytes());
  // Two moments as large as the values, then the working copies.
  layout.optimizer_bytes = 2 * layout.parameter_bytes;
  Bytes offset = 0;
  for (const ParameterSpec& parameter : parameters) {
    ParameterOffsets offsets;
    offsets.values = offsets.gradients = offsets.first_moment = offset;
    offsets.second_moment = layout.parameter_bytes + offset;
    offset += AlignUp(parameter.shape.NumBytes());
    if (precision != DataType::kFloat32) {
      offsets.working = layout.optimizer_bytes;
      layout.optimizer_bytes += AlignUp(parameter.shape.NumElements() * SizeOf(precision));
    }
    layout.offsets.push_back(offsets);
  }
  return layout;
}

absl::StatusOr<ParameterLayout> ParameterLayout::Create(absl::Span<const std::vector<ParameterSpec>> chunks,
                                                        DataType precision) {
  ParameterLayout layout;
  std::map<std::string, int> index_of_name;
  for (int chunk = 0; chunk < static_cast<int>(chunks.size()); ++chunk) {
    const ChunkLayout regions = LayOutChunk(chunks[chunk], precision);
    Chunk uses = {{}, regions.parameter_bytes, regions.optimizer_bytes};
    for (int use = 0; use < static_cast<int>(chunks[chunk].size()); ++use) {
      const ParameterSpec& spec = chunks[chunk][use];
      const auto [found, is_new] = index_of_name.emplace(spec.name, layout.num_parameters());
      const int index = found->second;
      if (is_new) {
        layout.parameters_.push_back(spec);
        layout.canonical_.push_back({chunk, use});
      } else if (layout.parameters_[index].shape != spec.shape) {
        return absl::InternalError(absl::StrCat("parameter ", spec.name, " is ", spec.shape.ToString(),
                                                " in one layer and ", layout.parameters_[index].shape.ToString(),
                                                " in another"));
      }
      uses.uses.push_back({index, chunk, is_new, regions.offsets[use]});
    }
    layout.chunks_.push_back(std::move(uses));
  }
  return layout;
}

std::vector<ParameterUse> ParameterLayout::UsesOf(int parameter) const {
  std::vector<ParameterUse> uses;
  for (const Chunk& chunk : chunks_) {
    for (const ParameterUse& use : chunk.uses) {
      if (use.parameter == parameter) uses.push_back(use);
    }
  }
  return uses;
}

const ParameterUse& ParameterLayout::CanonicalUse(int parameter) const {
  const Position& position = canonical_[parameter];
  return chunks_[position.chunk].uses[position.use];
}

}  // namespace baton
