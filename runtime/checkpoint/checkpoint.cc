// Reads files part by part, and compares each part with its hash.
#include "runtime/checkpoint/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/content_hash.h"
#include "base/status.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/manifest.h"

namespace baton {
namespace {

// A manifest has some 300 bytes a tensor.
constexpr Bytes kMaxManifestBytes = 256 << 20;
constexpr Bytes kBytesARead = 1 << 20;

// An open regular file and its size, or why it cannot be used.
absl::StatusOr<int> OpenRegular(const std::string& path, Bytes* bytes) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) return absl::DataLossError(absl::StrCat(path, " is missing"));
  if (descriptor < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be read"));
  struct stat about;
  if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode)) {
    *bytes = about.st_size;
    return descriptor;
  }
  close(descriptor);
  return absl::DataLossError(absl::StrCat(path, " is no regular file"));
}

absl::Status ReadAt(int descriptor, const std::string& path, int64_t offset, char* data, int64_t bytes) {
  while (bytes > 0) {
    const ssize_t got = pread(descriptor, data, static_cast<size_t>(bytes), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::DataLossError(absl::StrCat(path, ": cannot be read: ", std::strerror(errno)));
    if (got == 0) return absl::DataLossError(absl::StrCat(path, ": ends too early"));
    data += got;
    offset += got;
    bytes -= got;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadManifestText(const std::string& path) {
  Bytes bytes = 0;
  BATON_ASSIGN_OR_RETURN(const int descriptor, OpenRegular(path, &bytes));
  std::string text(static_cast<size_t>(std::min(bytes, kMaxManifestBytes)), '\0');
  const absl::Status status = ReadAt(descriptor, path, 0, &text[0], static_cast<int64_t>(text.size()));
  close(descriptor);
  BATON_RETURN_IF_ERROR(status);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Checkpoint>> Checkpoint::Open(const std::string& folder) {
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint(folder));
  const std::string path = absl::StrCat(folder, "/", kManifestName);
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadManifestText(path));
  absl::StatusOr<proto::CheckpointManifest> manifest = ParseManifest(text);
  if (!manifest.ok()) {
    return absl::Status(manifest.status().code(), absl::StrCat(path, ": ", manifest.status().message()));
  }
  checkpoint->manifest_ = *std::move(manifest);
  checkpoint->tensors_ = PiecesByName(checkpoint->manifest_);
  for (const proto::StateFile& file : checkpoint->manifest_.files()) {
    BATON_RETURN_IF_ERROR(checkpoint->OpenFile(file));
  }
  return checkpoint;
}

Checkpoint::~Checkpoint() {
  for (const auto& [name, descriptor] : descriptors_) close(descriptor);
}

absl::Status Checkpoint::OpenFile(const proto::StateFile& file) {
  const std::string path = absl::StrCat(folder_, "/", file.name());
  Bytes bytes = 0;
  BATON_ASSIGN_OR_RETURN(descriptors_[file.name()], OpenRegular(path, &bytes));
  if (bytes == file.bytes()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " has ", bytes, " bytes, but ", kManifestName, " says ", file.bytes()));
}

Bytes Checkpoint::bytes() const {
  Bytes sum = 0;
  for (const proto::StateFile& file : manifest_.files()) sum += file.bytes();
  return sum;
}

absl::Status Checkpoint::Damaged(const std::string& file, const std::string& part) const {
  return absl::DataLossError(
      absl::StrCat(folder_, "/", file, ": ", part, " is damaged: its bytes do not have the hash in ", kManifestName));
}

absl::Status Checkpoint::CheckPart(const std::string& file, const std::string& part, int64_t begin, int64_t end,
                                   const std::string& hash) const {
  ContentHash content;
  std::vector<char> piece(static_cast<size_t>(std::min(kBytesARead, end - begin)));
  for (int64_t offset = begin; offset < end; offset += kBytesARead) {
    const int64_t bytes = std::min(kBytesARead, end - offset);
    BATON_RETURN_IF_ERROR(ReadAt(descriptors_.at(file), absl::StrCat(folder_, "/", file), offset, piece.data(), bytes));
    content.Add({piece.data(), static_cast<size_t>(bytes)});
  }
  return content.Hex() == hash ? absl::OkStatus() : Damaged(file, part);
}

absl::Status Checkpoint::CheckHeader(const proto::StateFile& file) const {
  return CheckPart(file.name(), "the header", 0, file.header_bytes(), file.header_hash());
}

absl::Status Checkpoint::CheckHeaders() const {
  for (const proto::StateFile& file : manifest_.files()) BATON_RETURN_IF_ERROR(CheckHeader(file));
  return absl::OkStatus();
}

std::vector<std::string> Checkpoint::Damages() const {
  std::vector<std::string> damages;
  const auto add = [&](const absl::Status& status) {
    if (!status.ok()) damages.push_back(std::string(status.message()));
  };
  for (const proto::StateFile& file : manifest_.files()) add(CheckHeader(file));
  for (const proto::StateTensor& tensor : manifest_.tensors()) {
    const std::string part = absl::StrCat("tensor \"", tensor.name(), "\"");
    add(CheckPart(tensor.file(), part, tensor.begin(), tensor.end(), tensor.hash()));
  }
  return damages;
}

absl::Status Checkpoint::Verify() const {
  const std::vector<std::string> damages = Damages();
  if (damages.empty()) return absl::OkStatus();
  const std::string more = damages.size() > 1 ? absl::StrCat(", and ", damages.size() - 1, " more") : "";
  return absl::DataLossError(damages.front() + more);
}

absl::Status Checkpoint::Read(const std::string& name, const Shape& shape, std::byte* data) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return absl::NotFoundError(absl::StrCat(folder_, " has no tensor \"", name, "\""));
  const std::vector<const proto::StateTensor*>& pieces = found->second;
  const proto::StateTensor& first = *pieces.front();
  const std::vector<int64_t> extents(first.shape().begin(), first.shape().end());
  int64_t bytes = 0;  // ParseManifest has checked that they are consecutive
  for (const proto::StateTensor* piece : pieces) bytes += piece->end() - piece->begin();
  if (first.dtype() != DtypeOf(shape.type()) || extents != shape.extents()) {
    return absl::InvalidArgumentError(absl::StrCat(folder_, ": tensor \"", name, "\" is [",
                                                   absl::StrJoin(extents, ", "), "] ", first.dtype(),
                                                   ", but the model's is ", shape.ToString()));
  }
  if (bytes != shape.NumBytes()) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder_, ": tensor \"", name, "\" has ", bytes, " bytes, not ", shape.NumBytes()));
  }
  for (const proto::StateTensor* piece : pieces) BATON_RETURN_IF_ERROR(ReadPiece(*piece, data + piece->piece_begin()));
  return absl::OkStatus();
}

absl::Status Checkpoint::ReadPiece(const proto::StateTensor& piece, std::byte* data) const {
  char* const bytes = reinterpret_cast<char*>(data);
  const int64_t size = piece.end() - piece.begin();
  const std::string path = absl::StrCat(folder_, "/", piece.file());
  BATON_RETURN_IF_ERROR(ReadAt(descriptors_.at(piece.file()), path, piece.begin(), bytes, size));
  if (HashOf({bytes, static_cast<size_t>(size)}) == piece.hash()) return absl::OkStatus();
  return Damaged(piece.file(), absl::StrCat("tensor \"", piece.name(), "\""));
}

}  // namespace baton
