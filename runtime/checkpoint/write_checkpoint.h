// Writes a checkpoint so that it is there as a whole or not at all. Used by runtime/train, on a thread of its own.
//
//     BATON_RETURN_IF_ERROR(WriteCheckpoint("runs/gpt/checkpoints", manifest, {{"parameters.safetensors", tensors}}));
//
//   make step-N.partial/ ─▶ write and sync its files ─▶ sync it ─▶ rename it to step-N/ ─▶ sync checkpoints/
//   BeginCheckpoint         WriteCheckpointFiles        CommitCheckpoint
//
// Several processes can write files of one checkpoint, to a file system that they share: one of them begins, all write
// files, and the one commits what all have described.
#ifndef BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_
#define BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/checkpoint.pb.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {

// A safetensors file of a checkpoint.
struct FileToWrite {
  std::string name;
  std::vector<TensorToWrite> tensors;
};

// Writes `folder`/step-N, where N is manifest.step(). `manifest`: everything but files, tensors and hashes of the
// format. Makes `folder`. Errors: ResourceExhausted, before anything is written, if the disk has too little space;
// those of the system, with the path, also if step-N is there already. After an error step-N.partial is removed if that
// is possible.
absl::Status WriteCheckpoint(const std::string& folder, proto::CheckpointManifest manifest,
                             const std::vector<FileToWrite>& files);

// The steps of it. Makes `folder` and an empty step-N.partial in it.
absl::Status BeginCheckpoint(const std::string& folder, int64_t step);
// Writes files to step-N.partial and describes them in `manifest`.
absl::Status WriteCheckpointFiles(const std::string& folder, int64_t step, const std::vector<FileToWrite>& files,
                                  proto::CheckpointManifest& manifest);
// Writes the manifest, which describes all files, and gives the folder its name. Errors also: DataLoss for a file that
// is not there, or has another size, as on a file system that is not shared.
absl::Status CommitCheckpoint(const std::string& folder, proto::CheckpointManifest manifest);
// Removes step-N.partial if that is possible.
void DropCheckpoint(const std::string& folder, int64_t step);

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_
