// LayOutSafetensors, WriteLaidOut and WriteSafetensors of safetensors.h.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/durable_file.h"
#include "base/status.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

// The length and the header, padded with spaces so that the data begin at a multiple of 8. `offsets`: [tensor], from
// the end of the header.
std::string MakeHeader(const std::vector<TensorToWrite>& tensors, const std::vector<Bytes>& offsets) {
  nlohmann::json header;
  header["__metadata__"] = {{"format", "pt"}};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorToWrite& tensor = tensors[i];
    header[tensor.name] = {{"dtype", DtypeOf(tensor.shape.type())},
                           {"shape", tensor.shape.extents()},
                           {"data_offsets", {offsets[i], offsets[i] + tensor.shape.NumBytes()}}};
  }
  // Replacing what is not UTF-8 keeps dump() from throwing.
  std::string json = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(static_cast<uint64_t>(json.size()) >> (8 * i) & 0xff);
  return length + json;
}

// Appends a matrix of shape [rows, columns] whose data are [columns, rows], a band of rows at a time.
absl::Status AppendTransposed(const TensorToWrite& tensor, DurableFile& file) {
  const int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  const float* const data = reinterpret_cast<const float*>(tensor.data);
  constexpr int64_t kBand = 64;
  std::vector<float> band(static_cast<size_t>(std::min(kBand, rows) * columns));
  for (int64_t begin = 0; begin < rows; begin += kBand) {
    const int64_t count = std::min(kBand, rows - begin);
    for (int64_t column = 0; column < columns; ++column) {
      for (int64_t row = 0; row < count; ++row) band[row * columns + column] = data[column * rows + begin + row];
    }
    BATON_RETURN_IF_ERROR(file.Append(
        {reinterpret_cast<const char*>(band.data()), static_cast<size_t>(count * columns) * sizeof(float)}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SafetensorsLayout> LayOutSafetensors(const std::string& path, std::vector<TensorToWrite> tensors) {
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

  SafetensorsLayout layout;
  layout.tensors = std::move(tensors);
  for (const TensorToWrite& tensor : layout.tensors) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += tensor.shape.NumBytes();
  }
  layout.header = MakeHeader(layout.tensors, layout.offsets);
  layout.bytes += static_cast<Bytes>(layout.header.size());
  for (Bytes& offset : layout.offsets) offset += static_cast<Bytes>(layout.header.size());
  return layout;
}

absl::Status WriteLaidOut(const std::string& path, const SafetensorsLayout& layout) {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<DurableFile> file, DurableFile::Create(path));
  BATON_RETURN_IF_ERROR(file->Append(layout.header));
  for (const TensorToWrite& tensor : layout.tensors) {
    if (tensor.transposed) {
      BATON_RETURN_IF_ERROR(AppendTransposed(tensor, *file));
      continue;
    }
    BATON_RETURN_IF_ERROR(
        file->Append({reinterpret_cast<const char*>(tensor.data), static_cast<size_t>(tensor.shape.NumBytes())}));
  }
  return file->Commit();
}

absl::Status WriteSafetensors(const std::string& path, std::vector<TensorToWrite> tensors) {
  BATON_ASSIGN_OR_RETURN(const SafetensorsLayout layout, LayOutSafetensors(path, std::move(tensors)));
  return WriteLaidOut(path, layout);
}

}  // namespace baton
