// manifest.json, the file that makes a folder a checkpoint. Used by the reader and the writer of checkpoints.
//
//     BATON_ASSIGN_OR_RETURN(const proto::CheckpointManifest manifest, ParseManifest(text));
#ifndef BATON_RUNTIME_CHECKPOINT_MANIFEST_H_
#define BATON_RUNTIME_CHECKPOINT_MANIFEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/checkpoint.pb.h"

namespace baton {

inline constexpr char kManifestName[] = "manifest.json";
// The version that PrintManifest writes, and the newest that ParseManifest reads.
inline constexpr int kManifestVersion = 1;

// The file's text, with version, job_hash and manifest_hash set. The same manifest gives the same text.
std::string PrintManifest(proto::CheckpointManifest manifest);

// Checks the hash, the version, and that the tensors fill the files without a gap. Whether the files are there is not
// checked. Errors, without the path: DataLoss if the text is damaged; Unimplemented if its version is newer;
// InvalidArgument if the text is whole but wrong, as by a file name with a folder.
absl::StatusOr<proto::CheckpointManifest> ParseManifest(absl::string_view text);

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_MANIFEST_H_
