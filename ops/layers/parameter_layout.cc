// Offsets chunk by chunk, and names that occur in several chunks.
#include "ops/layers/parameter_layout.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

ChunkLayout LayOutChunk(absl::Span<const ParameterSpec> parameters, const ParameterFormat& format) {
  ChunkLayout layout;
  const bool has_masters = format.has_masters();
  const auto bytes_of = [&](const ParameterSpec& parameter) {
    return AlignUp(parameter.shape.NumElements() * SizeOf(format.type));
  };
  layout.gradient_ratio = static_cast<int>(SizeOf(DataType::kFloat32) / SizeOf(format.type));
  for (const ParameterSpec& parameter : parameters) layout.parameter_bytes += bytes_of(parameter);
  const Bytes array = layout.gradient_bytes();
  layout.optimizer_bytes = (has_masters ? 3 : 2) * array;
  Bytes values = 0;
  for (const ParameterSpec& parameter : parameters) {
    ParameterOffsets offsets;
    offsets.values = values;
    offsets.gradients = layout.gradient_ratio * values;
    if (has_masters) offsets.master = offsets.gradients;
    offsets.first_moment = (has_masters ? array : 0) + offsets.gradients;
    offsets.second_moment = array + offsets.first_moment;
    values += bytes_of(parameter);
    layout.offsets.push_back(offsets);
  }
  return layout;
}

absl::StatusOr<ParameterLayout> ParameterLayout::Create(absl::Span<const std::vector<ParameterSpec>> chunks,
                                                        const ParameterFormat& format) {
  ParameterLayout layout;
  layout.format_ = format;
  std::map<std::string, int> index_of_name;
  for (int chunk = 0; chunk < static_cast<int>(chunks.size()); ++chunk) {
    const ChunkLayout regions = LayOutChunk(chunks[chunk], format);
    Chunk uses = {{}, regions.parameter_bytes, regions.optimizer_bytes};
    layout.gradient_ratio_ = regions.gradient_ratio;
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
