// Checkpoints in the safetensors format (https://huggingface.co/docs/safetensors), which PyTorch and others read as it
// is. Written and read by runtime/train.
//
//   8 bytes             n bytes                                                          to the end
//   ┌─────────────────┬────────────────────────────────────────────────────────────────┬───────────────────┐
//   │ n, little-endian│ {"NAME":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…} │ tensors, no holes │
//   └─────────────────┴────────────────────────────────────────────────────────────────┴───────────────────┘
#ifndef BATON_RUNTIME_CHECKPOINT_SAFETENSORS_H_
#define BATON_RUNTIME_CHECKPOINT_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/tensor/shape.h"

namespace baton {

// A tensor to write. `data` is shape.NumBytes() bytes, row-major and little-endian, of which the caller keeps
// ownership.
struct TensorToWrite {
  std::string name;  // UTF-8
  Shape shape;
  const std::byte* data = nullptr;
};

// Writes all tensors to `path`, wider types first and then by name, with the metadata {"format":"pt"}. The file is
// written beside itself as PATH.partial and renamed when it is complete and on the disk, so that `path` is the old or
// the new file whole, whatever happens.
// Errors: InvalidArgument if two tensors have one name or a name is `__metadata__`; ResourceExhausted if the disk is
// full, or what else the system says, with the path.
absl::Status WriteSafetensors(const std::string& path, std::vector<TensorToWrite> tensors);

// A tensor that a file holds.
struct StoredTensor {
  std::string name;
  std::string dtype;             // the format's name, as "F32"
  std::vector<int64_t> extents;  // empty for a scalar
  Bytes offset = 0;              // in the file
  Bytes bytes = 0;
};

// An open file, checked as a whole: each tensor's size is that of its shape and type, and together they fill the file.
// Owns its descriptor. Thread contract: immutable once open; any thread.
class SafetensorsFile {
 public:
  // Reads the header, of at most 100 MB. Errors: NotFound and the like; InvalidArgument with the path and what is wrong
  // if the file is not of this format.
  static absl::StatusOr<std::unique_ptr<SafetensorsFile>> Open(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  // By name.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }

  // Reads tensor `name` into `data`, shape.NumBytes() bytes. Errors: NotFound if there is none of this name;
  // InvalidArgument if its type or shape differs; what the system says if it cannot be read.
  absl::Status Read(const std::string& name, const Shape& shape, std::byte* data) const;

 private:
  SafetensorsFile(const std::string& path, int descriptor) : path_(path), descriptor_(descriptor) {}
  absl::Status ReadHeader();

  const std::string path_;
  const int descriptor_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_SAFETENSORS_H_
