// model.safetensors.index.json, which says in which file each tensor is. Used by weights_in.h.
#ifndef BATON_RUNTIME_HUGGING_FACE_SHARD_INDEX_H_
#define BATON_RUNTIME_HUGGING_FACE_SHARD_INDEX_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

struct ShardIndex {
  std::map<std::string, std::string> file_of_tensor;
  std::set<std::string> files;  // in the index's folder
};

// `name`: of the file, for messages. Errors: InvalidArgument, also for a file that is not in the index's own folder,
// and for more than 512 files.
absl::StatusOr<ShardIndex> ParseShardIndex(absl::string_view text, const std::string& name);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_SHARD_INDEX_H_
