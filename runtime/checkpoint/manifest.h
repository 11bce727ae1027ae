// manifest.json, the file that makes a folder a checkpoint. Used by the reader and the writer of checkpoints.
//
//     BATON_ASSIGN_OR_RETURN(const proto::CheckpointManifest manifest, ParseManifest(text));
#ifndef BATON_RUNTIME_CHECKPOINT_MANIFEST_H_
#define BATON_RUNTIME_CHECKPOINT_MANIFEST_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/checkpoint.pb.h"

namespace baton {

inline constexpr char kManifestName[] = "manifest.json";
// The newest version that ParseManifest reads. PrintManifest writes the oldest one that has what the manifest needs.
inline constexpr int kManifestVersion = 2;

// The file's text, with version, job_hash and manifest_hash set. The same manifest gives the same text.
std::string PrintManifest(proto::CheckpointManifest manifest);

// Checks the hash, the version, that the tensors fill the files without a gap, and that pieces do so with their tensor.
// Does not look for the files, which Checkpoint::Open does. Errors, without the path: DataLoss if the text is damaged;
// Unimplemented if its version is newer; InvalidArgument if the text is whole but wrong, as by a file name with a folder.
absl::StatusOr<proto::CheckpointManifest> ParseManifest(absl::string_view text);

// The entries of each tensor, in the order of its bytes: one, or its pieces. They point into `manifest`.
std::map<std::string, std::vector<const proto::StateTensor*>> PiecesByName(const proto::CheckpointManifest& manifest);

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_MANIFEST_H_
