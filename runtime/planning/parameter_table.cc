// Parameters in the order of their first use, and where each copy lies.
#include "runtime/planning/parameter_table.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace baton {

std::vector<ParameterCopy> ParameterTable::CopiesOf(int parameter) const {
  std::vector<ParameterCopy> copies;
  for (const auto& chunk : chunks) {
    for (const ParameterCopy& copy : chunk) {
      if (copy.parameter == parameter) copies.push_back(copy);
    }
  }
  return copies;
}

absl::StatusOr<ParameterTable> MakeParameterTable(const std::vector<std::vector<ParameterSpec>>& chunks) {
  ParameterTable table;
  std::map<std::string, int> index_of_name;
  for (const auto& specs : chunks) {
    const int chunk = static_cast<int>(table.chunks.size());
    table.chunks.emplace_back();
    Bytes offset = 0;
    for (const ParameterSpec& spec : specs) {
      const auto [found, is_new] = index_of_name.emplace(spec.name, static_cast<int>(table.parameters.size()));
      if (is_new) {
        table.parameters.push_back(spec);
      } else if (table.parameters[found->second].shape != spec.shape) {
        return absl::InternalError(absl::StrCat("parameter ", spec.name, " is ", spec.shape.ToString(),
                                                " in one layer and ", table.parameters[found->second].shape.ToString(),
                                                " in another"));
      }
      table.chunks.back().push_back({found->second, chunk, offset, is_new});
      offset += AlignUp(spec.shape.NumBytes());
    }
    table.chunk_bytes.push_back(offset);
  }
  return table;
}

}  // namespace baton
