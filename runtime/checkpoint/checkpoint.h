// A checkpoint on disk: a folder with manifest.json and the safetensors files that it names. Nothing in it is trusted:
// each byte that is used has been compared with its hash. Used by runtime/train and by `baton checkpoint`.
//
//     BATON_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::Open("runs/gpt/checkpoints/step-000400"));
//     BATON_RETURN_IF_ERROR(checkpoint->Read("wte.weight", shape, data));
//
// docs/checkpoints.md describes the folder; write_checkpoint.h writes it.
#ifndef BATON_RUNTIME_CHECKPOINT_CHECKPOINT_H_
#define BATON_RUNTIME_CHECKPOINT_CHECKPOINT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/tensor/shape.h"
#include "proto/checkpoint.pb.h"

namespace baton {

// Thread contract: immutable after Open; any thread. Owns the descriptors of its files.
//
// Errors of all functions name the folder or the file: DataLoss if something is damaged, unreadable, shorter, longer or
// missing; Unimplemented for a newer format; InvalidArgument for a manifest that is whole but wrong; those of the
// system.
class Checkpoint {
 public:
  // Reads the manifest, and checks that each file is there with the size that it should have.
  static absl::StatusOr<std::unique_ptr<Checkpoint>> Open(const std::string& folder);
  ~Checkpoint();
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  const std::string& folder() const { return folder_; }
  const proto::CheckpointManifest& manifest() const { return manifest_; }
  // The size of all files but the manifest.
  Bytes bytes() const;
  // True if there is a tensor of this name.
  bool Has(const std::string& name) const { return tensors_.count(name) > 0; }

  // Compares each byte with its hash. Error: the first of Damages().
  absl::Status Verify() const;
  // A message for each part that is damaged; empty if the checkpoint is sound.
  std::vector<std::string> Damages() const;

  // Compares each file's header with its hash. Error: the first damage. With Read of every tensor each byte is
  // compared.
  absl::Status CheckHeaders() const;
  // Reads tensor `name`, with all of its pieces, into `data`, shape.NumBytes() bytes, and checks its hashes. Errors
  // also: NotFound if there is no such tensor; InvalidArgument if its type or shape differs.
  absl::Status Read(const std::string& name, const Shape& shape, std::byte* data) const;

 private:
  explicit Checkpoint(std::string folder) : folder_(std::move(folder)) {}
  absl::Status OpenFile(const proto::StateFile& file);
  // Reads bytes of a tensor as they are in its file, and checks their hash.
  absl::Status ReadPiece(const proto::StateTensor& piece, std::byte* data) const;
  absl::Status CheckHeader(const proto::StateFile& file) const;
  // OK if bytes [begin, end) of `file` have `hash`; `part` is for the message.
  absl::Status CheckPart(const std::string& file, const std::string& part, int64_t begin, int64_t end,
                         const std::string& hash) const;
  absl::Status Damaged(const std::string& file, const std::string& part) const;

  const std::string folder_;
  proto::CheckpointManifest manifest_;
  std::map<std::string, std::vector<const proto::StateTensor*>> tensors_;  // see PiecesByName
  std::map<std::string, int> descriptors_;                                 // by file
};

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_CHECKPOINT_H_
