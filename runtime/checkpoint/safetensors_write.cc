// WriteSafetensors of safetensors.h.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/durable_file.h"
#include "base/status.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

// The length and the header, padded with spaces so that the data begin at a multiple of 8.
std::string MakeHeader(const std::vector<TensorToWrite>& tensors) {
  nlohmann::json header;
  header["__metadata__"] = {{"format", "pt"}};
  Bytes offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const Bytes end = offset + tensor.shape.NumBytes();
    header[tensor.name] = {
        {"dtype", DtypeOf(tensor.shape.type())}, {"shape", tensor.shape.extents()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  // Replacing what is not UTF-8 keeps dump() from throwing.
  std::string json = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(static_cast<uint64_t>(json.size()) >> (8 * i) & 0xff);
  return length + json;
}

}  // namespace

absl::Status WriteSafetensors(const std::string& path, std::vector<TensorToWrite> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorToWrite& a, const TensorToWrite& b) { return a.name < b.name; });
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == "__metadata__" || (i > 0 && tensors[i].name == tensors[i - 1].name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot write checkpoint ", path, ": tensor \"", tensors[i].name, "\" is reserved or double"));
    }
  }
  // Wider types first, so that each tensor is aligned to its type.
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorToWrite& a, const TensorToWrite& b) {
    return SizeOf(a.shape.type()) > SizeOf(b.shape.type());
  });

  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<DurableFile> file, DurableFile::Create(path));
  BATON_RETURN_IF_ERROR(file->Append(MakeHeader(tensors)));
  for (const TensorToWrite& tensor : tensors) {
    BATON_RETURN_IF_ERROR(
        file->Append({reinterpret_cast<const char*>(tensor.data), static_cast<size_t>(tensor.shape.NumBytes())}));
  }
  return file->Commit();
}

}  // namespace baton
