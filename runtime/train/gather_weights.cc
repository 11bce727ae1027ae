// Rounds of pieces of tensors. In each round every process sends the pieces that it has.
#include "runtime/train/gather_weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// The most bytes that all processes send in one round.
constexpr Bytes kRoundBytes = Bytes{64} << 20;

struct Piece {
  int parameter = 0;
  Bytes begin = 0;
  Bytes bytes = 0;
};

// The same in every process.
std::vector<std::vector<Piece>> CutIntoRounds(const std::vector<ParameterSpec>& specs) {
  std::vector<std::vector<Piece>> rounds(1);
  Bytes left = kRoundBytes;
  for (int parameter = 0; parameter < static_cast<int>(specs.size()); ++parameter) {
    const Bytes end = specs[parameter].shape.NumBytes();
    for (Bytes begin = 0; begin < end;) {
      const Bytes bytes = std::min(left, end - begin);
      rounds.back().push_back({parameter, begin, bytes});
      begin += bytes;
      left -= bytes;
      if (left > 0) continue;
      rounds.emplace_back();
      left = kRoundBytes;
    }
  }
  return rounds;
}

// Before the contents of a part of a piece.
struct PartHeader {
  uint32_t index = 0;  // of the piece in its round
  Bytes begin = 0;     // in the parameter
  Bytes bytes = 0;
};

// Appends the part of the piece that the tensor has, if any.
void AppendPart(const TensorToWrite& tensor, const Piece& piece, uint32_t index, std::string& message) {
  const Bytes offset = tensor.whole.has_value() ? tensor.whole->begin : 0;
  PartHeader header;
  header.index = index;
  header.begin = std::max(piece.begin, offset);
  header.bytes = std::min(piece.begin + piece.bytes, offset + tensor.shape.NumBytes()) - header.begin;
  if (header.bytes <= 0) return;
  message.append(reinterpret_cast<const char*>(&header), sizeof(header));
  message.append(reinterpret_cast<const char*>(tensor.data + (header.begin - offset)), header.bytes);
}

// Copies the parts of one process to `memory`, [parameter], and returns their bytes.
absl::StatusOr<Bytes> ReadParts(const std::string& message, const std::vector<Piece>& round,
                                std::vector<std::vector<std::byte>>& memory) {
  Bytes total = 0;
  for (size_t at = 0; at < message.size();) {
    PartHeader header;
    if (message.size() - at < sizeof(header)) return absl::InternalError("a process sent weights that cannot be read");
    std::memcpy(&header, message.data() + at, sizeof(header));
    at += sizeof(header);
    const bool is_known = header.index < round.size() && header.bytes > 0 &&
                          static_cast<Bytes>(message.size() - at) >= header.bytes &&
                          header.begin >= round[header.index].begin &&
                          header.bytes <= round[header.index].begin + round[header.index].bytes - header.begin;
    if (!is_known) return absl::InternalError("a process sent weights that cannot be read");
    std::memcpy(memory[round[header.index].parameter].data() + header.begin, message.data() + at, header.bytes);
    at += static_cast<size_t>(header.bytes);
    total += header.bytes;
  }
  return total;
}

}  // namespace

absl::StatusOr<GatheredWeights> GatherWeights(Control& control, const std::vector<ParameterSpec>& specs,
                                              const std::vector<TensorToWrite>& own) {
  std::map<std::string, std::vector<const TensorToWrite*>> tensors_of;  // by the name of the whole
  for (const TensorToWrite& tensor : own) {
    tensors_of[tensor.whole.has_value() ? tensor.whole->name : tensor.name].push_back(&tensor);
  }
  GatheredWeights gathered;
  if (control.rank() == 0) {
    for (const ParameterSpec& spec : specs) gathered.memory.emplace_back(spec.shape.NumBytes());
  }
  for (const std::vector<Piece>& round : CutIntoRounds(specs)) {
    std::string message;  // the parts of pieces that are here
    for (uint32_t index = 0; index < round.size(); ++index) {
      for (const TensorToWrite* tensor : tensors_of[specs[round[index].parameter].name]) {
        AppendPart(*tensor, round[index], index, message);
      }
    }
    BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all, control.Gather(message));
    Bytes missing = 0;
    for (const Piece& piece : round) missing += piece.bytes;
    for (const std::string& each : all) {
      BATON_ASSIGN_OR_RETURN(const Bytes bytes, ReadParts(each, round, gathered.memory));
      missing -= bytes;
    }
    if (control.rank() == 0 && missing != 0) {
      return absl::InternalError(absl::StrCat(missing, " bytes of weights came from no process"));
    }
    // Nobody sends the next round before rank 0 has room for it.
    BATON_RETURN_IF_ERROR(control.Barrier());
  }
  for (size_t parameter = 0; parameter < gathered.memory.size(); ++parameter) {
    const ParameterSpec& spec = specs[parameter];
    gathered.tensors.push_back({spec.name, spec.shape, gathered.memory[parameter].data()});
  }
  return gathered;
}

}  // namespace baton
