// The order of writes, syncs and renames is the whole point.
#include "runtime/checkpoint/write_checkpoint.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/durable_file.h"
#include "base/failpoint.h"
#include "base/format.h"
#include "base/status.h"
#include "base/write_file.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/dtype.h"
#include "runtime/checkpoint/manifest.h"

namespace baton {
namespace {

// Makes a folder that lasts, with those above it.
absl::Status MakeFolder(const std::string& path) {
  BATON_RETURN_IF_ERROR(Failpoint("checkpoint.mkdir"));
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": cannot be created"));
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return is_new ? SyncFolder(parent.empty() ? "." : parent) : absl::OkStatus();
}

absl::Status CheckSpace(const std::string& folder, Bytes needed) {
  struct statvfs about;
  if (statvfs(folder.c_str(), &about) != 0) return absl::OkStatus();  // the writes will say what is wrong
  const Bytes available = static_cast<Bytes>(about.f_bavail) * static_cast<Bytes>(about.f_frsize);
  if (needed <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(folder, ": a checkpoint takes ", FormatBytes(needed), ", but only ",
                                                   FormatBytes(available), " are free"));
}

// Adds the file and its tensors, with their hashes.
void Describe(const std::string& name, const SafetensorsLayout& layout, proto::CheckpointManifest* manifest) {
  proto::StateFile* file = manifest->add_files();
  file->set_name(name);
  file->set_bytes(layout.bytes);
  file->set_header_bytes(static_cast<int64_t>(layout.header.size()));
  file->set_header_hash(HashOf(layout.header));
  for (size_t i = 0; i < layout.tensors.size(); ++i) {
    const TensorToWrite& source = layout.tensors[i];
    proto::StateTensor* tensor = manifest->add_tensors();
    tensor->set_name(source.whole.has_value() ? source.whole->name : source.name);
    tensor->set_file(name);
    tensor->set_begin(layout.offsets[i]);
    tensor->set_end(layout.offsets[i] + source.shape.NumBytes());
    tensor->set_dtype(DtypeOf(source.shape.type()));
    const Shape& shape = source.whole.has_value() ? source.whole->shape : source.shape;
    for (const int64_t extent : shape.extents()) tensor->add_shape(extent);
    if (source.whole.has_value()) tensor->set_piece_begin(source.whole->begin);
    tensor->set_hash(
        HashOf({reinterpret_cast<const char*>(source.data), static_cast<size_t>(source.shape.NumBytes())}));
  }
}

absl::Status Publish(const std::string& partial, const std::string& path) {
  BATON_RETURN_IF_ERROR(Failpoint("checkpoint.rename"));
  if (std::rename(partial.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be created"));
}

std::string PathOf(const std::string& folder, int64_t step) { return absl::StrCat(folder, "/", StepName(step)); }
std::string PartialOf(const std::string& folder, int64_t step) { return PathOf(folder, step) + ".partial"; }

// A file that another process wrote may be on a disk of its own.
absl::Status CheckThere(const std::string& partial, const proto::StateFile& file) {
  std::error_code error;
  const std::string path = absl::StrCat(partial, "/", file.name());
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size == static_cast<uintmax_t>(file.bytes())) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(path, ": ", error ? error.message() : absl::StrCat("has ", size, " bytes, not ", file.bytes()),
                   "; the folder must be on a file system that all processes share"));
}

}  // namespace

absl::Status BeginCheckpoint(const std::string& folder, int64_t step) {
  DropCheckpoint(folder, step);
  BATON_RETURN_IF_ERROR(MakeFolder(folder));
  return MakeFolder(PartialOf(folder, step));
}

absl::Status WriteCheckpointFiles(const std::string& folder, int64_t step, const std::vector<FileToWrite>& files,
                                  proto::CheckpointManifest& manifest) {
  const std::string partial = PartialOf(folder, step);
  std::vector<SafetensorsLayout> layouts;
  Bytes bytes = 0;
  for (const FileToWrite& file : files) {
    BATON_ASSIGN_OR_RETURN(SafetensorsLayout layout, LayOutSafetensors(file.name, file.tensors));
    bytes += layout.bytes;
    layouts.push_back(std::move(layout));
  }
  BATON_RETURN_IF_ERROR(CheckSpace(partial, bytes));
  for (size_t i = 0; i < files.size(); ++i) {
    Describe(files[i].name, layouts[i], &manifest);
    BATON_RETURN_IF_ERROR(WriteLaidOut(absl::StrCat(partial, "/", files[i].name), layouts[i]));
  }
  return absl::OkStatus();
}

absl::Status CommitCheckpoint(const std::string& folder, proto::CheckpointManifest manifest) {
  const int64_t step = manifest.step();
  const std::string partial = PartialOf(folder, step);
  for (const proto::StateFile& file : manifest.files()) BATON_RETURN_IF_ERROR(CheckThere(partial, file));
  // Each file that is written syncs the folder, so the last one makes all of them last.
  BATON_RETURN_IF_ERROR(WriteFile(absl::StrCat(partial, "/", kManifestName), PrintManifest(std::move(manifest))));
  BATON_RETURN_IF_ERROR(Publish(partial, PathOf(folder, step)));
  return SyncFolder(folder);
}

void DropCheckpoint(const std::string& folder, int64_t step) {
  std::error_code ignored;
  std::filesystem::remove_all(PartialOf(folder, step), ignored);
}

absl::Status WriteCheckpoint(const std::string& folder, proto::CheckpointManifest manifest,
                             const std::vector<FileToWrite>& files) {
  const int64_t step = manifest.step();
  absl::Status status = BeginCheckpoint(folder, step);
  if (status.ok()) status = WriteCheckpointFiles(folder, step, files, manifest);
  if (status.ok()) status = CommitCheckpoint(folder, std::move(manifest));
  if (!status.ok()) DropCheckpoint(folder, step);
  return status;
}

}  // namespace baton
