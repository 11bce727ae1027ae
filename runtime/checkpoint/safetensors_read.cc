// SafetensorsFile of safetensors.h. A file is not trusted: every number is checked before it is used.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json_object.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

// The limit of the format's reference implementation.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;

// Bytes of one element; 0 for a type that the format does not know.
int64_t ElementBytes(const std::string& dtype) {
  for (const char* name : {"F64", "I64", "U64"}) {
    if (dtype == name) return 8;
  }
  for (const char* name : {"F32", "I32", "U32"}) {
    if (dtype == name) return 4;
  }
  for (const char* name : {"F16", "BF16", "I16", "U16"}) {
    if (dtype == name) return 2;
  }
  for (const char* name : {"BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"}) {
    if (dtype == name) return 1;
  }
  return 0;
}

// An array of whole numbers from 0 to 2^62, or false.
bool ReadNumbers(const nlohmann::json& array, std::vector<int64_t>* numbers) {
  if (!array.is_array()) return false;
  for (const nlohmann::json& number : array) {
    if (!number.is_number_unsigned() || number.get<uint64_t>() > uint64_t{1} << 62) return false;
    numbers->push_back(static_cast<int64_t>(number.get<uint64_t>()));
  }
  return true;
}

// One entry of the header; the offset counts from the end of the header. Errors: InvalidArgument without the path.
absl::StatusOr<StoredTensor> ReadEntry(const std::string& name, const nlohmann::json& entry) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("tensor \"", Printable(name), "\": ", what));
  };
  if (!entry.is_object()) return wrong("is no object");
  const auto dtype = entry.find("dtype");
  const auto shape = entry.find("shape");
  const auto offsets = entry.find("data_offsets");
  StoredTensor tensor;
  tensor.name = name;
  if (dtype == entry.end() || !dtype->is_string()) return wrong("dtype is missing or no string");
  tensor.dtype = dtype->get<std::string>();
  const int64_t element_bytes = ElementBytes(tensor.dtype);
  if (element_bytes == 0) return wrong(absl::StrCat("dtype \"", Printable(tensor.dtype), "\" is unknown"));
  if (shape == entry.end() || !ReadNumbers(*shape, &tensor.extents))
    return wrong("shape is missing or no list of sizes");
  std::vector<int64_t> range;
  if (offsets == entry.end() || !ReadNumbers(*offsets, &range) || range.size() != 2 || range[0] > range[1]) {
    return wrong("data_offsets are missing or no range");
  }
  int64_t bytes = element_bytes;
  for (const int64_t extent : tensor.extents) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return wrong("shape is too large");
  }
  tensor.offset = range[0];
  tensor.bytes = range[1] - range[0];
  if (tensor.bytes != bytes) return wrong("data_offsets do not match dtype and shape");
  return tensor;
}

absl::Status CheckMetadata(const nlohmann::json& metadata) {
  for (const nlohmann::json& value : metadata) {
    if (!metadata.is_object() || !value.is_string()) {
      return absl::InvalidArgumentError("__metadata__ maps to something else than strings");
    }
  }
  return metadata.is_object() ? absl::OkStatus() : absl::InvalidArgumentError("__metadata__ is no object");
}

// Errors: InvalidArgument without the path.
absl::StatusOr<std::vector<StoredTensor>> ReadEntries(const std::string& text) {
  if (text.empty() || text[0] != '{') return absl::InvalidArgumentError("the header is no JSON object");
  BATON_ASSIGN_OR_RETURN(const nlohmann::json header, ParseJsonObject(text, "the header"));
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      BATON_RETURN_IF_ERROR(CheckMetadata(entry));
      continue;
    }
    BATON_ASSIGN_OR_RETURN(StoredTensor tensor, ReadEntry(name, entry));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

// OK if the tensors lie one behind the other from 0 to `bytes`.
absl::Status CheckNoHoles(std::vector<StoredTensor> tensors, int64_t bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return std::make_pair(a.offset, a.bytes) < std::make_pair(b.offset, b.bytes);
  });
  int64_t reached = 0;
  for (const StoredTensor& tensor : tensors) {
    if (tensor.offset != reached) {
      return absl::InvalidArgumentError(absl::StrCat("tensor \"", Printable(tensor.name), "\" begins at ",
                                                     tensor.offset, " where ", reached, " is due"));
    }
    reached += tensor.bytes;
  }
  if (reached == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the tensors have ", reached, " bytes, the file ", bytes));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SafetensorsFile>> SafetensorsFile::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read checkpoint ", path));
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile(path, descriptor));
  BATON_RETURN_IF_ERROR(file->ReadHeader());
  return file;
}

SafetensorsFile::~SafetensorsFile() { close(descriptor_); }

absl::Status SafetensorsFile::ReadAt(uint64_t offset, char* data, size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = pread(descriptor_, data, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read checkpoint ", path_));
    if (got == 0) return absl::InvalidArgumentError(absl::StrCat("checkpoint ", path_, ": the file ends too early"));
    data += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::Status SafetensorsFile::ReadHeader() {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("checkpoint ", path_, ": ", what));
  };
  struct stat about;
  if (fstat(descriptor_, &about) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read checkpoint ", path_));
  }
  if (!S_ISREG(about.st_mode)) return wrong("is no regular file");
  const uint64_t file_bytes = static_cast<uint64_t>(about.st_size);
  if (file_bytes < 8) return wrong("the file ends too early");
  unsigned char length[8];
  BATON_RETURN_IF_ERROR(ReadAt(0, reinterpret_cast<char*>(length), sizeof(length)));
  uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | length[i];
  if (header_bytes > kMaxHeaderBytes) return wrong(absl::StrCat("a header of ", header_bytes, " bytes is too large"));
  if (header_bytes > file_bytes - 8) return wrong("the file ends too early");
  std::string text(static_cast<size_t>(header_bytes), '\0');
  BATON_RETURN_IF_ERROR(ReadAt(8, &text[0], text.size()));

  absl::StatusOr<std::vector<StoredTensor>> tensors = ReadEntries(text);
  if (!tensors.ok()) return wrong(tensors.status().message());
  const absl::Status filled = CheckNoHoles(*tensors, static_cast<int64_t>(file_bytes - 8 - header_bytes));
  if (!filled.ok()) return wrong(filled.message());
  tensors_ = *std::move(tensors);
  for (StoredTensor& tensor : tensors_) tensor.offset += static_cast<Bytes>(8 + header_bytes);
  return absl::OkStatus();
}

absl::Status SafetensorsFile::Read(const std::string& name, const Shape& shape, std::byte* data) const {
  const StoredTensor* const found = Find(name);
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("checkpoint ", path_, " has no tensor \"", name, "\""));
  }
  if (found->dtype != DtypeOf(shape.type()) || found->extents != shape.extents()) {
    return absl::InvalidArgumentError(absl::StrCat("checkpoint ", path_, ": tensor \"", name, "\" is [",
                                                   absl::StrJoin(found->extents, ", "), "] ", found->dtype,
                                                   ", but the model's is ", shape.ToString()));
  }
  return ReadAt(static_cast<uint64_t>(found->offset), reinterpret_cast<char*>(data), static_cast<size_t>(found->bytes));
}

const StoredTensor* SafetensorsFile::Find(const std::string& name) const {
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const StoredTensor& tensor, const std::string& each) { return tensor.name < each; });
  return found == tensors_.end() || found->name != name ? nullptr : &*found;
}

}  // namespace baton
