// WriteSafetensors of safetensors.h.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

absl::Status SystemError(const std::string& path) {
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot write checkpoint ", path));
}

absl::Status WriteAll(int descriptor, const char* data, size_t bytes, const std::string& path) {
  while (bytes > 0) {
    const ssize_t written = write(descriptor, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError(path);
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

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

absl::Status WriteContents(int descriptor, const std::vector<TensorToWrite>& tensors, const std::string& path) {
  const std::string header = MakeHeader(tensors);
  BATON_RETURN_IF_ERROR(WriteAll(descriptor, header.data(), header.size(), path));
  for (const TensorToWrite& tensor : tensors) {
    BATON_RETURN_IF_ERROR(WriteAll(descriptor, reinterpret_cast<const char*>(tensor.data),
                                   static_cast<size_t>(tensor.shape.NumBytes()), path));
  }
  return fsync(descriptor) == 0 ? absl::OkStatus() : SystemError(path);
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

  const std::string partial = path + ".partial";
  errno = 0;
  const int descriptor = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError(partial);
  absl::Status status = WriteContents(descriptor, tensors, partial);
  if (close(descriptor) != 0 && status.ok()) status = SystemError(partial);
  if (status.ok() && std::rename(partial.c_str(), path.c_str()) != 0) status = SystemError(path);
  if (!status.ok()) unlink(partial.c_str());
  return status;
}

}  // namespace baton
