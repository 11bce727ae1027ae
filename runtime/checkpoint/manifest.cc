// protobuf's JSON, and a hash of the text in the text itself.
#include "runtime/checkpoint/manifest.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/status.h"

namespace baton {
namespace {

using google::protobuf::util::JsonParseOptions;
using google::protobuf::util::JsonPrintOptions;

constexpr size_t kHashDigits = 32;
constexpr char kHashField[] = "\"manifest_hash\": \"";

// The position of the hash's first digit, or npos.
size_t FindHash(absl::string_view text) {
  const size_t field = text.rfind(kHashField);
  if (field == absl::string_view::npos) return field;
  const size_t digits = field + sizeof(kHashField) - 1;
  return digits + kHashDigits <= text.size() ? digits : absl::string_view::npos;
}

// The hash of `text` with zeros in place of the digits at `position`.
std::string HashAround(absl::string_view text, size_t position) {
  ContentHash hash;
  hash.Add(text.substr(0, position));
  hash.Add(std::string(kHashDigits, '0'));
  hash.Add(text.substr(position + kHashDigits));
  return hash.Hex();
}

absl::Status ParseJson(absl::string_view text, bool ignore_unknown_fields, proto::CheckpointManifest* manifest) {
  JsonParseOptions options;
  options.ignore_unknown_fields = ignore_unknown_fields;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), manifest, options);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(status.message().data(), status.message().size()));
}

absl::Status CheckFileName(const std::string& name) {
  const bool is_plain = !name.empty() && name != "." && name != ".." && name != kManifestName &&
                        !absl::StrContains(name, '/') && !absl::StrContains(name, absl::string_view("\0", 1));
  if (is_plain) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("file \"", name, "\" must be a name without a folder"));
}

// [begin, end) of a part of a file, and the name for messages.
struct Part {
  int64_t begin = 0;
  int64_t end = 0;
  std::string name;
};

// OK if the parts lie one behind the other from 0 to `bytes`.
absl::Status CheckNoGaps(const std::string& file, std::vector<Part> parts, int64_t bytes) {
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  int64_t reached = 0;
  for (const Part& part : parts) {
    if (part.begin != reached || part.end < part.begin) {
      return absl::InvalidArgumentError(absl::StrCat("file \"", file, "\": ", part.name, " has bytes ", part.begin,
                                                     " to ", part.end, " where byte ", reached, " is due"));
    }
    reached = part.end;
  }
  if (reached == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("file \"", file, "\" has ", bytes, " bytes, its parts ", reached));
}

absl::Status CheckParts(const proto::CheckpointManifest& manifest) {
  std::map<std::string, std::vector<Part>> parts;
  for (const proto::StateFile& file : manifest.files()) {
    BATON_RETURN_IF_ERROR(CheckFileName(file.name()));
    if (parts.count(file.name()) > 0) {
      return absl::InvalidArgumentError(absl::StrCat("file \"", file.name(), "\" is listed twice"));
    }
    parts[file.name()].push_back({0, file.header_bytes(), "the header"});
  }
  for (const proto::StateTensor& tensor : manifest.tensors()) {
    const auto file = parts.find(tensor.file());
    if (file == parts.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor \"", tensor.name(), "\" is in file \"", tensor.file(), "\", which is not listed"));
    }
    file->second.push_back({tensor.begin(), tensor.end(), absl::StrCat("tensor \"", tensor.name(), "\"")});
  }
  for (const proto::StateFile& file : manifest.files()) {
    BATON_RETURN_IF_ERROR(CheckNoGaps(file.name(), std::move(parts[file.name()]), file.bytes()));
  }
  return absl::OkStatus();
}

// OK if the pieces of one tensor, sorted by where they begin, lie one behind the other from byte 0, and are of one type
// and shape. Whether the last one ends where the tensor ends is checked by who knows the type.
absl::Status CheckPieces(const std::vector<const proto::StateTensor*>& pieces) {
  const proto::StateTensor& first = *pieces.front();
  int64_t reached = 0;
  for (const proto::StateTensor* piece : pieces) {
    const std::string name = absl::StrCat("tensor \"", first.name(), "\"");
    if (!piece->has_piece_begin()) return absl::InvalidArgumentError(absl::StrCat(name, " is listed twice"));
    const bool is_alike = piece->dtype() == first.dtype() && std::equal(piece->shape().begin(), piece->shape().end(),
                                                                        first.shape().begin(), first.shape().end());
    if (!is_alike) return absl::InvalidArgumentError(absl::StrCat(name, " has pieces of different types or shapes"));
    if (piece->piece_begin() != reached) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": a piece has piece_begin ", piece->piece_begin(), " where byte ", reached, " is due"));
    }
    const int64_t bytes = piece->end() - piece->begin();
    if (bytes > std::numeric_limits<int64_t>::max() - reached) {
      return absl::InvalidArgumentError(absl::StrCat(name, " has more bytes than can be counted"));
    }
    reached += bytes;
  }
  return absl::OkStatus();
}

absl::Status CheckAllPieces(const proto::CheckpointManifest& manifest) {
  for (const auto& [name, pieces] : PiecesByName(manifest)) {
    if (pieces.size() > 1 || pieces.front()->has_piece_begin()) BATON_RETURN_IF_ERROR(CheckPieces(pieces));
  }
  return absl::OkStatus();
}

bool HasPieces(const proto::CheckpointManifest& manifest) {
  return std::any_of(manifest.tensors().begin(), manifest.tensors().end(),
                     [](const proto::StateTensor& tensor) { return tensor.has_piece_begin(); });
}

}  // namespace

std::map<std::string, std::vector<const proto::StateTensor*>> PiecesByName(const proto::CheckpointManifest& manifest) {
  std::map<std::string, std::vector<const proto::StateTensor*>> pieces;
  for (const proto::StateTensor& tensor : manifest.tensors()) pieces[tensor.name()].push_back(&tensor);
  for (auto& [name, of_name] : pieces) {
    std::stable_sort(of_name.begin(), of_name.end(), [](const proto::StateTensor* a, const proto::StateTensor* b) {
      return a->piece_begin() < b->piece_begin();
    });
  }
  return pieces;
}

std::string PrintManifest(proto::CheckpointManifest manifest) {
  manifest.set_version(HasPieces(manifest) ? 2 : 1);
  std::string job;
  google::protobuf::TextFormat::PrintToString(manifest.job(), &job);
  manifest.set_job_hash(HashOf(job));
  manifest.set_manifest_hash(std::string(kHashDigits, '0'));
  JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  (void)google::protobuf::util::MessageToJsonString(manifest, &text, options);
  const size_t position = FindHash(text);
  return text.replace(position, kHashDigits, HashAround(text, position));
}

absl::StatusOr<proto::CheckpointManifest> ParseManifest(absl::string_view text) {
  const size_t position = FindHash(text);
  if (position == absl::string_view::npos || HashAround(text, position) != text.substr(position, kHashDigits)) {
    return absl::DataLossError("its bytes do not have the hash at its end");
  }
  proto::CheckpointManifest manifest;
  BATON_RETURN_IF_ERROR(ParseJson(text, /*ignore_unknown_fields=*/true, &manifest));
  if (manifest.version() > kManifestVersion) {
    return absl::UnimplementedError(absl::StrCat("version: ", manifest.version(), " is newer than ", kManifestVersion,
                                                 ", the newest that this baton reads"));
  }
  if (manifest.version() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("version: ", manifest.version(), " must be at least 1"));
  }
  manifest.Clear();
  BATON_RETURN_IF_ERROR(ParseJson(text, /*ignore_unknown_fields=*/false, &manifest));
  if (manifest.step() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("step: ", manifest.step(), " must be at least 1"));
  }
  BATON_RETURN_IF_ERROR(CheckParts(manifest));
  BATON_RETURN_IF_ERROR(CheckAllPieces(manifest));
  return manifest;
}

}  // namespace baton
