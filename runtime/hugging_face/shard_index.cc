// Each name of a file is checked before it becomes a path.
#include "runtime/hugging_face/shard_index.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json_object.h"
#include "base/printable.h"
#include "base/status.h"

namespace baton {

absl::StatusOr<ShardIndex> ParseShardIndex(absl::string_view text, const std::string& name) {
  constexpr size_t kMostFiles = 512;
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": weight_map ", what));
  };
  BATON_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJsonObject(text, absl::StrCat(name, ": the file")));
  const auto map = json.find("weight_map");
  if (map == json.end()) return wrong("is missing");
  if (!map->is_object()) return wrong("is no object of tensors and files");
  ShardIndex index;
  for (const auto& [tensor, file] : map->items()) {
    const std::string shown = absl::StrCat("has \"", Printable(tensor), "\": ");
    if (!file.is_string()) return wrong(absl::StrCat(shown, "its file is no string"));
    const std::string path = file.get<std::string>();
    if (!absl::EndsWith(path, ".safetensors") || absl::StrContains(path, '/') || absl::StrContains(path, '\\') ||
        path.size() > 255) {
      return wrong(absl::StrCat(shown, "\"", Printable(path.substr(0, 255)),
                                "\" is no .safetensors file in the index's own folder"));
    }
    index.file_of_tensor[tensor] = path;
    index.files.insert(path);
  }
  if (index.files.size() <= kMostFiles) return index;
  return wrong(absl::StrCat("names ", index.files.size(), " files, which must be at most ", kMostFiles));
}

}  // namespace baton
