// Writes a checkpoint so that it is there as a whole or not at all. Used by runtime/train, on a thread of its own.
//
//     BATON_RETURN_IF_ERROR(WriteCheckpoint("runs/gpt/checkpoints", manifest, {{"parameters.safetensors", tensors}}));
//
//   make step-N.partial/ ─▶ write and sync its files ─▶ sync it ─▶ rename it to step-N/ ─▶ sync checkpoints/
#ifndef BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_
#define BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_

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

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_WRITE_CHECKPOINT_H_
