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
  TensorToWrite tensor;  // without data; a piece if it says of which whole
  size_t replica = 0;    // that has the piece, an index into replicas_
  StatePiece piece;      // of the replica's array
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

// The bytes of a whole array from `begin` on as a tensor of its own: of one dimension, named NAME[FIRST:END].
SavedState AsTensor(const std::string& name, const Shape& whole, const Shard& bytes) {
  const Bytes element = SizeOf(whole.type());
  const int64_t first = bytes.begin / element, count = bytes.bytes() / element;
  SavedState saved;
  saved.tensor.name = absl::StrCat(name, "[", first, ":", first + count, "]");
  saved.tensor.shape = Shape(whole.type(), {count});
  saved.tensor.whole = WholeTensor{name, whole, bytes.begin};
  return saved;
}

}  // namespace

ParameterState::ParameterState(std::vector<const ParameterLayout*> layouts, std::vector<ReplicaParameters> replicas,
                               int num_here)
    : layouts_(std::move(layouts)),
      layout_(layouts_.front()),
      replicas_(std::move(replicas)),
      first_here_(replicas_.front().member),
      num_here_(num_here),
      first_replica_(layout_->num_chunks(), nullptr) {
  for (const ReplicaParameters& replica : replicas_) {
    if (replica.member != first_here_ || first_replica_[replica.chunk] != nullptr) continue;
    first_replica_[replica.chunk] = &replica;
  }
  ShareSaving();
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

void ParameterState::ShareSaving() {
  // Every process gets about as many bytes of each chunk.
  const int num_processes = static_cast<int>(layouts_.size()) / num_here_;
  std::vector<std::vector<Bytes>> saved(layout_->num_chunks(), std::vector<Bytes>(num_processes, 0));
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    std::vector<Bytes>& of_chunk = saved[layout_->CanonicalUse(parameter).chunk];
    const auto least = std::min_element(of_chunk.begin(), of_chunk.end());
    *least += WholeSpec(parameter).shape.NumBytes();
    is_turn_.push_back(least - of_chunk.begin() == first_here_ / num_here_);
  }
}

bool ParameterState::IsInPieces(int parameter, const StatePart& part) const {
  if (part.region != &ReplicaParameters::optimizer) return false;
  const int chunk = layout_->CanonicalUse(parameter).chunk;
  bool is_sharded = false, all_here = !HasMembersElsewhere();
  for (const ReplicaParameters& replica : replicas_) {
    if (replica.chunk != chunk) continue;
    is_sharded = is_sharded || replica.shard.has_value();
    all_here = all_here && replica.device != nullptr;
  }
  return is_sharded && !all_here;
}

std::vector<Shard> ParameterState::PiecesOfCut(int parameter, const StatePiece& of_member) const {
  std::vector<std::byte> marks(WholeSpec(parameter).shape.NumBytes());
  std::vector<std::byte> slice(SpecOf(0, parameter).shape.NumBytes());
  std::fill_n(slice.begin() + of_member.offset, of_member.bytes, std::byte{1});
  for (size_t member = 0; member < layouts_.size(); ++member) {
    const ParameterSpec& spec = SpecOf(static_cast<int>(member), parameter);
    CopyIntoWhole(spec.slice, spec.shape, slice.data(), marks.data());
  }
  std::vector<Shard> pieces;
  for (auto begin = std::find(marks.begin(), marks.end(), std::byte{1}); begin != marks.end();) {
    const auto end = std::find(begin, marks.end(), std::byte{0});
    pieces.push_back({begin - marks.begin(), end - marks.begin()});
    begin = std::find(end, marks.end(), std::byte{1});
  }
  return pieces;
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
  for (int member = first_here_; member < first_here_ + num_here_; ++member) {
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
  if (!IsCut(parameter)) return CollectMember(first_here_, parameter, part, whole);
  const int num_members = static_cast<int>(layouts_.size());
  const Bytes bytes = SpecOf(0, parameter).shape.NumBytes();  // the same for all members
  std::vector<std::byte> own(bytes * num_here_), all;
  for (int here = 0; here < num_here_; ++here) {
    BATON_RETURN_IF_ERROR(CollectMember(first_here_ + here, parameter, part, own.data() + here * bytes));
  }
  BATON_RETURN_IF_ERROR(GatherMembers(bytes, std::move(own), all));
  for (int member = 0; member < num_members; ++member) {
    const ParameterSpec& spec = SpecOf(member, parameter);
    CopyIntoWhole(spec.slice, spec.shape, all.data() + member * bytes, whole);
  }
  return absl::OkStatus();
}

absl::Status ParameterState::GatherMembers(Bytes bytes, std::vector<std::byte> own, std::vector<std::byte>& all) const {
  if (!HasMembersElsewhere()) {
    all = std::move(own);
    return absl::OkStatus();
  }
  all.resize(bytes * static_cast<Bytes>(layouts_.size()));
  return gather_slices_(bytes, own.data(), all.data());
}

// Layouts are equal but for slices, so the shards of a replica's members have the same bytes of each member's slice.
absl::Status ParameterState::CollectShards(size_t index, int parameter, const StatePart& part, std::byte* whole) const {
  const ParameterOffsets& offsets = layout_->CanonicalUse(parameter).offsets;
  const Bytes bytes = SpecOf(0, parameter).shape.NumBytes();
  const size_t num_entries = replicas_.size() / num_here_;
  const StatePiece first = PieceOf(replicas_[index], part, offsets, bytes);
  std::vector<std::byte> own(first.bytes * num_here_), all;
  for (int here = 0; here < num_here_; ++here) {
    const ReplicaParameters& replica = replicas_[index + here * num_entries];
    const StatePiece piece = PieceOf(replica, part, offsets, bytes);
    BATON_RETURN_IF_ERROR(replica.device->CopyFromArena(own.data() + here * first.bytes, piece.address, piece.bytes));
  }
  BATON_RETURN_IF_ERROR(GatherMembers(first.bytes, std::move(own), all));
  std::vector<std::byte> slice(bytes);
  for (size_t member = 0; member < layouts_.size(); ++member) {
    const ParameterSpec& spec = SpecOf(static_cast<int>(member), parameter);
    std::copy_n(all.data() + member * first.bytes, first.bytes, slice.data() + first.offset);
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
  if (!IsInPieces(parameter, part)) {
    if (!Saves(parameter)) return {};
    SavedState whole;
    whole.tensor.name = name;
    whole.tensor.shape = spec.shape;
    return {whole};
  }
  std::vector<SavedState> saved;
  for (size_t index = 0; index < replicas_.size() / num_here_; ++index) {
    const ReplicaParameters& replica = replicas_[index];
    if (replica.chunk != use.chunk || replica.device == nullptr || !is_turn_[parameter]) continue;
    const StatePiece piece = PieceOf(replica, part, use.offsets, SpecOf(0, parameter).shape.NumBytes());
    if (piece.bytes == 0) continue;
    const std::vector<Shard> pieces = IsCut(parameter) ? PiecesOfCut(parameter, piece)
                                                       : std::vector<Shard>{{piece.offset, piece.offset + piece.bytes}};
    for (const Shard& bytes : pieces) {
      saved.push_back(AsTensor(name, spec.shape, bytes));
      saved.back().replica = index;
      saved.back().piece = piece;
    }
  }
  return saved;
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
  std::vector<std::byte> of_others;
  for (const StatePart& part : Parts()) {
    for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
      if (IsInPieces(parameter, part)) {
        BATON_RETURN_IF_ERROR(CopyPieces(parameter, part, next));
        continue;
      }
      if (!Saves(parameter) && !MeetsOthers(parameter)) continue;
      const Bytes bytes = WholeSpec(parameter).shape.NumBytes();
      if (!Saves(parameter)) of_others.resize(bytes);
      BATON_RETURN_IF_ERROR(Collect(parameter, part, Saves(parameter) ? next : of_others.data()));
      if (Saves(parameter)) next += bytes;
    }
  }
  return absl::OkStatus();
}

absl::Status ParameterState::CopyPieces(int parameter, const StatePart& part, std::byte*& next) const {
  const ParameterUse& use = layout_->CanonicalUse(parameter);
  const std::vector<SavedState> saved = SavedOf(parameter, part);
  std::vector<std::byte> whole;
  for (size_t index = 0; index < replicas_.size() / num_here_; ++index) {
    const ReplicaParameters& replica = replicas_[index];
    if (replica.chunk != use.chunk || replica.device == nullptr) continue;
    if (PieceOf(replica, part, use.offsets, SpecOf(0, parameter).shape.NumBytes()).bytes == 0) continue;
    if (IsCut(parameter)) {
      whole.assign(WholeSpec(parameter).shape.NumBytes(), std::byte{});
      BATON_RETURN_IF_ERROR(CollectShards(index, parameter, part, whole.data()));
    }
    for (const SavedState& each : saved) {
      if (each.replica != index) continue;
      const Bytes bytes = each.tensor.shape.NumBytes();
      if (IsCut(parameter)) {
        std::copy_n(whole.data() + each.tensor.whole->begin, bytes, next);
      } else {
        BATON_RETURN_IF_ERROR(replica.device->CopyFromArena(next, each.piece.address, bytes));
      }
      next += bytes;
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
    if (IsInPieces(parameter, values)) {
      BATON_RETURN_IF_ERROR(AddPieces(parameter, values, weights));
      continue;
    }
    const ReplicaParameters* replica = SourceOf(parameter);
    if (replica == nullptr || (!Saves(parameter) && !MeetsOthers(parameter))) continue;
    const ParameterSpec spec = WholeSpec(parameter);
    const std::byte* data = replica->*values.region + layout_->CanonicalUse(parameter).offsets.*values.offset;
    const bool is_sharded = replica->shard.has_value() && values.region == &ReplicaParameters::optimizer;
    if (!replica->device->arena_is_shared() || IsCut(parameter) || IsNarrow(values) || is_sharded) {
      downloaded_.emplace_back(spec.shape.NumBytes());
      BATON_RETURN_IF_ERROR(Collect(parameter, values, downloaded_.back().data()));
      data = downloaded_.back().data();
    }
    if (!Saves(parameter)) {
      downloaded_.pop_back();
      continue;
    }
    weights.push_back({spec.name, spec.shape, data});
  }
  return weights;
}

absl::Status ParameterState::AddPieces(int parameter, const StatePart& part, std::vector<TensorToWrite>& tensors) {
  std::vector<SavedState> saved = SavedOf(parameter, part);
  Bytes bytes = 0;
  for (const SavedState& each : saved) bytes += each.tensor.shape.NumBytes();
  std::byte* next = downloaded_.emplace_back(bytes).data();
  for (SavedState& each : saved) {
    each.tensor.data = next;
    next += each.tensor.shape.NumBytes();
    tensors.push_back(std::move(each.tensor));
  }
  next = downloaded_.back().data();
  return CopyPieces(parameter, part, next);
}

}  // namespace baton
