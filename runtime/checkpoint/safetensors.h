// Tensors in the safetensors format (https://huggingface.co/docs/safetensors), which PyTorch and others read. Used by
// runtime/train.
//
//   BATON_RETURN_IF_ERROR(WriteSafetensors(path, {{"wte.weight", shape, data}}));
//   BATON_ASSIGN_OR_RETURN(const auto file, SafetensorsFile::Open(path));
//   BATON_RETURN_IF_ERROR(file->Read("wte.weight", shape, data));
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
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/tensor/shape.h"

namespace baton {

// The tensor of which another one has bytes, from byte `begin` on.
struct WholeTensor {
  std::string name;
  Shape shape;
  Bytes begin = 0;
};

// A tensor to write. `data`: shape.NumBytes() bytes, row-major and little-endian; not owned.
struct TensorToWrite {
  std::string name;  // UTF-8
  Shape shape;       // in the file
  const std::byte* data = nullptr;
  bool transposed = false;  // the data are those of the transpose; for matrices of f32
  // If set, this is a piece, of which a checkpoint's manifest tells the whole. The file does not have it.
  std::optional<WholeTensor> whole = std::nullopt;
};

// A file's bytes before they are written. Borrows what the tensors point to.
struct SafetensorsLayout {
  std::string header;                  // with the length in front
  std::vector<TensorToWrite> tensors;  // in the file's order
  std::vector<Bytes> offsets;          // [tensor], from the beginning of the file
  Bytes bytes = 0;                     // of the whole file
};

// Wider types first and then by name, with the metadata {"format":"pt"}.
// Errors: InvalidArgument, with `path`, if two tensors have one name or a name is `__metadata__`.
absl::StatusOr<SafetensorsLayout> LayOutSafetensors(const std::string& path, std::vector<TensorToWrite> tensors);

// Writes the file as PATH.partial and renames it once it is complete and on disk, so that `path` is always the whole
// old file or the whole new one. Errors: those of the system with the path, such as ResourceExhausted for a full disk.
absl::Status WriteLaidOut(const std::string& path, const SafetensorsLayout& layout);

// Both: lays the tensors out and writes them.
absl::Status WriteSafetensors(const std::string& path, std::vector<TensorToWrite> tensors);

// A tensor in a file.
struct StoredTensor {
  std::string name;
  std::string dtype;             // the format's name, as "F32"
  std::vector<int64_t> extents;  // empty for a scalar
  Bytes offset = 0;              // in the file
  Bytes bytes = 0;
};

// An open file. Open has checked that each tensor's size matches its shape and type, and that the tensors fill the
// file. Owns its descriptor. Thread contract: immutable after Open; any thread.
class SafetensorsFile {
 public:
  // Reads the header, at most 100 MB. Errors: NotFound and the like; InvalidArgument with the path and the defect if
  // the file does not have this format.
  static absl::StatusOr<std::unique_ptr<SafetensorsFile>> Open(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  // Sorted by name.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }

  const std::string& path() const { return path_; }
  // Null if the file has no such tensor.
  const StoredTensor* Find(const std::string& name) const;
  // Reads `tensor`, one of tensors(), of type F32, BF16 or F16, and widens its elements exactly. `values`: as many f32
  // as it has elements, and nothing more is needed. Errors: InvalidArgument for another type; those of the system.
  absl::Status ReadFloats(const StoredTensor& tensor, float* values) const;

  // Reads tensor `name` into `data`: shape.NumBytes() bytes. Errors: NotFound if the file has no such tensor;
  // InvalidArgument if its type or shape differs; those of the system.
  absl::Status Read(const std::string& name, const Shape& shape, std::byte* data) const;

 private:
  SafetensorsFile(const std::string& path, int descriptor) : path_(path), descriptor_(descriptor) {}
  absl::Status ReadHeader();
  absl::Status ReadAt(uint64_t offset, char* data, size_t bytes) const;

  const std::string path_;
  const int descriptor_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_SAFETENSORS_H_
