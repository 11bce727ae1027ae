// Fuzzes the reader of weights: each tensor of an accepted file can be read, and lies within the file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/safetensors.h"

namespace {

void ReadAll(const baton::SafetensorsFile& file, size_t size) {
  const baton::DataType types[] = {baton::DataType::kFloat32, baton::DataType::kFloat64, baton::DataType::kInt32,
                                   baton::DataType::kBFloat16};
  for (const baton::StoredTensor& tensor : file.tensors()) {
    if (tensor.bytes < 0 || tensor.offset < 8 || tensor.offset + tensor.bytes > static_cast<int64_t>(size))
      std::abort();
    std::vector<std::byte> data(static_cast<size_t>(tensor.bytes));
    bool is_known = false;
    for (const baton::DataType type : types) {
      is_known |= file.Read(tensor.name, baton::Shape(type, tensor.extents), data.data()).ok();
    }
    const bool is_readable =
        tensor.dtype == "F32" || tensor.dtype == "F64" || tensor.dtype == "I32" || tensor.dtype == "BF16";
    if (is_known != is_readable) std::abort();
  }
}

}  // namespace

// The file is in memory, one for all inputs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int descriptor = memfd_create("weights", MFD_CLOEXEC);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto file = baton::SafetensorsFile::Open(absl::StrCat("/proc/self/fd/", descriptor));
  if (file.ok()) ReadAll(**file, size);
  return 0;
}
