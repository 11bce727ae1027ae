// Copies between one host buffer and the uses of a parameter.
#include "runtime/train/parameter_state.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/bfloat16.h"
#include "base/status.h"

namespace baton {

// One of the arrays that a parameter has.
struct StatePart {
  const char* suffix;  // of its name in a checkpoint
  const char* file;
  std::byte* ReplicaParameters::*region;
  Bytes ParameterOffsets::*offset;
};

// The bytes of a parameter's array that a replica has: `bytes` from `offset` of the array, at `address`.
struct StatePiece {
  std::byte* address = nullptr;
  Bytes offset = 0;
  Bytes bytes = 0;
};

// A tensor of a snapshot.
struct SavedState {
  TensorToWrite tensor;                        // without data
  const ReplicaParameters* replica = nullptr;  // that has the piece; null: the tensor is a whole array
  StatePiece piece;
};

namespace {

constexpr StatePart kFirstMoment = {"/first_moment", "optimizer.safetensors", &ReplicaParameters::optimizer,
                                    &ParameterOffsets::first_moment};
constexpr StatePart kSecondMoment = {"/second_moment", "optimizer.safetensors", &ReplicaParameters::optimizer,
                                     &ParameterOffsets::second_moment};
// If the optimizer updates the values that layers read, and if it updates masters.
constexpr StatePart kPartsOfValues[] = {
    {"", "parameters.safetensors", &ReplicaParameters::parameters, &ParameterOffsets::values},
    kFirstMoment,
    kSecondMoment};
constexpr StatePart kPartsOfMasters[] = {
    {"", "parameters.safetensors", &ReplicaParameters::optimizer, &ParameterOffsets::master},
    kFirstMoment,
    kSecondMoment};

StatePiece PieceOf(const ReplicaParameters& replica, const StatePart& part, const ParameterOffsets& offsets,
                   Bytes bytes) {
  const bool is_whole = !replica.shard.has_value() || part.region == &ReplicaParameters::parameters;
  if (is_whole) return {replica.*part.region + offsets.*part.offset, 0, bytes};
  const Bytes begin = std::max(replica.shard->begin, offsets.gradients);
  const Bytes end = std::min(replica.shard->end, offsets.gradients + bytes);
  if (begin >= end) return {};
  // The shard's arrays follow each other.
  const bool has_masters = offsets.master != ParameterOffsets::kNone;
  const int moments_before = part.offset == &ParameterOffsets::second_moment ? 1 : 0;
  const int arrays_before = moments_before + (has_masters && part.offset != &ParameterOffsets::master ? 1 : 0);
  return {replica.optimizer + (begin - replica.shard->begin) + arrays_before * replica.shard->bytes(),
          begin - offsets.gradients, end - begin};
}

// f32 rounded to the nearest numbers of bf16: as such, or as f32.
std::vector<std::byte> Rounded(const std::byte* values, int64_t count, bool narrow) {
  const auto* const from = reinterpret_cast<const float*>(values);
  std::vector<std::byte> rounded(count * (narrow ? sizeof(uint16_t) : sizeof(float)));
  for (int64_t i = 0; i < count; ++i) {
    const uint16_t bits = ToBFloat16Bits(from[i]);
    if (narrow) {
      reinterpret_cast<uint16_t*>(rounded.data())[i] = bits;
    } else {
      reinterpret_cast<float*>(rounded.data())[i] = FromBFloat16Bits(bits);
    }
  }
  return rounded;
}

// A piece as a tensor of its own: of one dimension, named NAME[FIRST:END].
SavedState AsTensor(const std::string& name, const Shape& whole, const ReplicaParameters& replica,
                    const StatePiece& piece) {
  const Bytes element = SizeOf(whole.type());
  const int64_t first = piece.offset / element, count = piece.bytes / element;
  SavedState saved;
  saved.tensor.name = absl::StrCat(name, "[", first, ":", first + count, "]");
  saved.tensor.shape = Shape(whole.type(), {count});
  saved.tensor.whole = WholeTensor{name, whole, piece.offset};
  saved.replica = &replica;
  saved.piece = piece;
  return saved;
}

}  // namespace

ParameterState::ParameterState(std::vector<const ParameterLayout*> layouts, std::vector<ReplicaParameters> replicas)
    : layouts_(std::move(layouts)),
      layout_(layouts_.front()),
      replicas_(std::move(replicas)),
      first_replica_(layout_->num_chunks(), nullptr) {
  for (const ReplicaParameters& replica : replicas_) {
    if (replica.member == 0 && first_replica_[replica.chunk] == nullptr) first_replica_[replica.chunk] = &replica;
  }
}

bool ParameterState::IsNarrow(const StatePart& part) const {
  return part.region == &ReplicaParameters::parameters && layout_->format().type != DataType::kFloat32;
}

absl::Span<const StatePart> ParameterState::Parts() const {
  return layout_->has_masters() ? absl::MakeConstSpan(kPartsOfMasters) : absl::MakeConstSpan(kPartsOfValues);
}

ParameterSpec ParameterState::WholeSpec(int parameter) const {
  ParameterSpec spec = SpecOf(0, parameter);
  spec.shape = WholeShape(spec.slice, spec.shape);
  spec.slice = {};
  return spec;
}

std::vector<ParameterSpec> ParameterState::WholeSpecs() const {
  std::vector<ParameterSpec> specs;
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) specs.push_back(WholeSpec(parameter));
  return specs;
}

bool ParameterState::IsUsedHere(int parameter) const {
  for (const ParameterUse& use : layout_->UsesOf(parameter)) {
    for (const ReplicaParameters& replica : replicas_) {
      if (replica.chunk == use.chunk && replica.device != nullptr) return true;
    }
  }
  return false;
}

const ReplicaParameters* ParameterState::SourceOf(int parameter) const {
  const ReplicaParameters* first = first_replica_[layout_->CanonicalUse(parameter).chunk];
  return first->device == nullptr ? nullptr : first;
}

absl::Status ParameterState::Fill(ParameterSource& source) {
  std::vector<std::byte> values;
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterSpec spec = WholeSpec(parameter);
    if (!IsUsedHere(parameter)) {
      source.Skip(spec);
      continue;
    }
    values.resize(spec.shape.NumBytes());
    BATON_RETURN_IF_ERROR(source.Read(spec, absl::MakeSpan(values)));
    BATON_RETURN_IF_ERROR(Spread(parameter, Parts().front(), values));
  }
  return absl::OkStatus();
}

absl::Status ParameterState::Spread(int parameter, const StatePart& part, const std::vector<std::byte>& values) {
  std::vector<std::byte> slice, rounded;
  // Running statistics stay f32 where they have room.
  const bool rounds = IsNarrow(part) || (part.offset == &ParameterOffsets::values && layout_->format().rounds &&
                                         !SpecOf(0, parameter).is_statistic);
  for (int member = 0; member < static_cast<int>(layouts_.size()); ++member) {
    const ParameterSpec& spec = SpecOf(member, parameter);
    const std::byte* own = values.data();
    if (!spec.slice.IsWhole()) {
      slice.resize(spec.shape.NumBytes());
      CopyOutOfWhole(spec.slice, spec.shape, values.data(), slice.data());
      own = slice.data();
    }
    if (rounds) {
      rounded = Rounded(own, spec.shape.NumElements(), IsNarrow(part));
      own = rounded.data();
    }
    for (const ParameterUse& use : layout_->UsesOf(parameter)) {
      for (const ReplicaParameters& replica : replicas_) {
        if (replica.member != member || replica.chunk != use.chunk || replica.device == nullptr) continue;
        const Bytes bytes = IsNarrow(part) ? static_cast<Bytes>(rounded.size()) : spec.shape.NumBytes();
        const StatePiece piece = PieceOf(replica, part, use.offsets, bytes);
        if (piece.bytes == 0) continue;
        BATON_RETURN_IF_ERROR(replica.device->CopyToArena(piece.address, own + piece.offset, piece.bytes));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ParameterState::Collect(int parameter, const StatePart& part, std::byte* whole) const {
  if (SpecOf(0, parameter).slice.IsWhole()) return CollectMember(0, parameter, part, whole);
  std::vector<std::byte> slice;
  for (int member = 0; member < static_cast<int>(layouts_.size()); ++member) {
    const ParameterSpec& spec = SpecOf(member, parameter);
    slice.resize(spec.shape.NumBytes());
    BATON_RETURN_IF_ERROR(CollectMember(member, parameter, part, slice.data()));
    CopyIntoWhole(spec.slice, spec.shape, slice.data(), whole);
  }
  return absl::OkStatus();
}

absl::Status ParameterState::CollectMember(int member, int parameter, const StatePart& part, std::byte* values) const {
  const ParameterUse& use = layout_->CanonicalUse(parameter);
  const Bytes bytes = SpecOf(member, parameter).shape.NumBytes();
  bool is_first = true;
  for (const ReplicaParameters& each : replicas_) {
    if (each.member != member || each.chunk != use.chunk) continue;
    // One replica stands for all, or each has a shard.
    const bool has_own = each.shard.has_value() && part.region == &ReplicaParameters::optimizer;
    if (!std::exchange(is_first, false) && !has_own) continue;
    const StatePiece piece = PieceOf(each, part, use.offsets, bytes);
    if (piece.bytes == 0) continue;
    if (IsNarrow(part)) {
      std::vector<uint16_t> narrow(SpecOf(member, parameter).shape.NumElements());
      BATON_RETURN_IF_ERROR(each.device->CopyFromArena(reinterpret_cast<std::byte*>(narrow.data()), piece.address,
                                                       static_cast<Bytes>(narrow.size() * sizeof(uint16_t))));
      std::transform(narrow.begin(), narrow.end(), reinterpret_cast<float*>(values), FromBFloat16Bits);
      continue;
    }
    BATON_RETURN_IF_ERROR(each.device->CopyFromArena(values + piece.offset, piece.address, piece.bytes));
  }
  return absl::OkStatus();
}

std::vector<SavedState> ParameterState::SavedOf(int parameter, const StatePart& part) const {
  const ParameterSpec spec = WholeSpec(parameter);
  const std::string name = absl::StrCat(spec.name, part.suffix);
  const ParameterUse& use = layout_->CanonicalUse(parameter);
  std::vector<SavedState> pieces;
  bool is_sharded = false, all_here = true;
  for (const ReplicaParameters& replica : replicas_) {
    if (replica.chunk != use.chunk) continue;
    all_here = all_here && replica.device != nullptr;
    if (!replica.shard.has_value() || part.region != &ReplicaParameters::optimizer) continue;
    is_sharded = true;
    const StatePiece piece = PieceOf(replica, part, use.offsets, spec.shape.NumBytes());
    if (piece.bytes > 0) pieces.push_back(AsTensor(name, spec.shape, replica, piece));
  }
  if (is_sharded && !all_here) return pieces;
  if (SourceOf(parameter) == nullptr) return {};
  SavedState whole;
  whole.tensor.name = name;
  whole.tensor.shape = spec.shape;
  return {whole};
}

void ParameterState::Prepare(StateSnapshot& snapshot) const {
  snapshot.files.clear();
  Bytes bytes = 0;
  for (const StatePart& part : Parts()) {
    if (snapshot.files.empty() || snapshot.files.back().name != part.file) snapshot.files.push_back({part.file, {}});
    for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
      for (SavedState& saved : SavedOf(parameter, part)) {
        bytes += saved.tensor.shape.NumBytes();
        snapshot.files.back().tensors.push_back(std::move(saved.tensor));
      }
    }
  }
  snapshot.memory.assign(static_cast<size_t>(bytes), std::byte{});
  const std::byte* next = snapshot.memory.data();
  for (FileToWrite& file : snapshot.files) {
    for (TensorToWrite& tensor : file.tensors) {
      tensor.data = next;
      next += tensor.shape.NumBytes();
    }
  }
}

absl::Status ParameterState::CopyTo(StateSnapshot& snapshot) const {
  if (gather_ != nullptr) BATON_RETURN_IF_ERROR(gather_());
  std::byte* next = snapshot.memory.data();
  for (const StatePart& part : Parts()) {
    for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
      for (const SavedState& saved : SavedOf(parameter, part)) {
        BATON_RETURN_IF_ERROR(saved.replica == nullptr
                                  ? Collect(parameter, part, next)
                                  : saved.replica->device->CopyFromArena(next, saved.piece.address, saved.piece.bytes));
        next += saved.tensor.shape.NumBytes();
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ParameterState::Restore(const Checkpoint& checkpoint) {
  BATON_RETURN_IF_ERROR(checkpoint.CheckHeaders());
  std::set<std::string> names;
  std::vector<std::byte> values;
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterSpec spec = WholeSpec(parameter);
    const bool is_used = IsUsedHere(parameter);
    values.resize(is_used ? spec.shape.NumBytes() : 0);
    for (const StatePart& part : Parts()) {
      const std::string name = absl::StrCat(spec.name, part.suffix);
      names.insert(name);
      if (!is_used) continue;
      BATON_RETURN_IF_ERROR(checkpoint.Read(name, spec.shape, values.data()));
      BATON_RETURN_IF_ERROR(Spread(parameter, part, values));
    }
  }
  for (const proto::StateTensor& tensor : checkpoint.manifest().tensors()) {
    if (names.count(tensor.name()) > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(checkpoint.folder(), ": the model has no tensor \"", tensor.name(), "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TensorToWrite>> ParameterState::Weights() {
  if (gather_ != nullptr) BATON_RETURN_IF_ERROR(gather_());
  std::vector<TensorToWrite> weights;
  downloaded_.clear();
  const StatePart& values = Parts().front();
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterUse& use = layout_->CanonicalUse(parameter);
    for (SavedState& saved : SavedOf(parameter, values)) {
      TensorToWrite& tensor = saved.tensor;
      const ReplicaParameters* const source = SourceOf(parameter);
      const bool is_whole = saved.replica == nullptr && SpecOf(0, parameter).slice.IsWhole() &&
                            (values.region == &ReplicaParameters::parameters || !source->shard.has_value()) &&
                            !IsNarrow(values);
      if (is_whole && source->device->arena_is_shared()) {
        tensor.data = source->*values.region + use.offsets.*values.offset;
      } else {
        std::vector<std::byte>& copy = downloaded_.emplace_back(tensor.shape.NumBytes());
        BATON_RETURN_IF_ERROR(saved.replica == nullptr ? Collect(parameter, values, copy.data())
                                                       : saved.replica->device->CopyFromArena(
                                                             copy.data(), saved.piece.address, saved.piece.bytes));
        tensor.data = copy.data();
      }
      weights.push_back(std::move(tensor));
    }
  }
  return weights;
}

}  // namespace baton
