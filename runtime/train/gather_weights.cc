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

}  // namespace

absl::StatusOr<GatheredWeights> GatherWeights(Control& control, const std::vector<ParameterSpec>& specs,
                                              const std::vector<TensorToWrite>& own) {
  std::map<std::string, const std::byte*> data_of;  // by name
  for (const TensorToWrite& tensor : own) data_of[tensor.name] = tensor.data;
  GatheredWeights gathered;
  if (control.rank() == 0) {
    for (const ParameterSpec& spec : specs) gathered.memory.emplace_back(spec.shape.NumBytes());
  }
  for (const std::vector<Piece>& round : CutIntoRounds(specs)) {
    std::string bytes;  // for each piece that is here, its index in the round, then its contents
    for (uint32_t index = 0; index < round.size(); ++index) {
      const auto found = data_of.find(specs[round[index].parameter].name);
      if (found == data_of.end()) continue;
      bytes.append(reinterpret_cast<const char*>(&index), sizeof(index));
      bytes.append(reinterpret_cast<const char*>(found->second + round[index].begin), round[index].bytes);
    }
    BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all, control.Gather(bytes));
    size_t num_pieces = 0;
    for (const std::string& each : all) {
      for (size_t at = 0; at < each.size(); ++num_pieces) {
        uint32_t index = 0;
        if (each.size() - at >= sizeof(index)) std::memcpy(&index, each.data() + at, sizeof(index));
        if (index >= round.size() || each.size() - at < sizeof(index) + static_cast<size_t>(round[index].bytes)) {
          return absl::InternalError("a process sent weights that cannot be read");
        }
        const Piece& piece = round[index];
        std::memcpy(gathered.memory[piece.parameter].data() + piece.begin, each.data() + at + sizeof(index),
                    piece.bytes);
        at += sizeof(index) + piece.bytes;
      }
    }
    if (control.rank() == 0 && num_pieces != round.size()) {
      return absl::InternalError(absl::StrCat(num_pieces, " pieces of weights came, not ", round.size()));
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
