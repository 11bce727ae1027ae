// Copies between one host buffer and the uses of a parameter.
#include "runtime/train/parameter_state.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace baton {

// One of the arrays that a parameter has.
struct StatePart {
  const char* suffix;  // of its name in a checkpoint
  const char* file;
  std::byte* ReplicaParameters::*region;
  Bytes ParameterOffsets::*offset;
};

namespace {

constexpr StatePart kParts[] = {
    {"", "parameters.safetensors", &ReplicaParameters::parameters, &ParameterOffsets::values},
    {"/first_moment", "optimizer.safetensors", &ReplicaParameters::optimizer, &ParameterOffsets::first_moment},
    {"/second_moment", "optimizer.safetensors", &ReplicaParameters::optimizer, &ParameterOffsets::second_moment},
};
constexpr const StatePart& kValues = kParts[0];

// The bytes of a parameter's array that a replica has: `bytes` from `offset` of the array, at `address`.
struct Piece {
  std::byte* address = nullptr;
  Bytes offset = 0;
  Bytes bytes = 0;
};

Piece PieceOf(const ReplicaParameters& replica, const StatePart& part, const ParameterOffsets& offsets, Bytes bytes) {
  const bool is_whole = !replica.shard.has_value() || part.region == &ReplicaParameters::parameters;
  if (is_whole) return {replica.*part.region + offsets.*part.offset, 0, bytes};
  const Bytes begin = std::max(replica.shard->begin, offsets.values);
  const Bytes end = std::min(replica.shard->end, offsets.values + bytes);
  if (begin >= end) return {};
  const bool is_second = part.offset == &ParameterOffsets::second_moment;
  return {replica.optimizer + (begin - replica.shard->begin) + (is_second ? replica.shard->bytes() : 0),
          begin - offsets.values, end - begin};
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
    BATON_RETURN_IF_ERROR(Spread(parameter, kValues, values));
  }
  return absl::OkStatus();
}

absl::Status ParameterState::Spread(int parameter, const StatePart& part, const std::vector<std::byte>& values) {
  std::vector<std::byte> slice;
  for (int member = 0; member < static_cast<int>(layouts_.size()); ++member) {
    const ParameterSpec& spec = SpecOf(member, parameter);
    const std::byte* own = values.data();
    if (!spec.slice.IsWhole()) {
      slice.resize(spec.shape.NumBytes());
      CopyOutOfWhole(spec.slice, spec.shape, values.data(), slice.data());
      own = slice.data();
    }
    for (const ParameterUse& use : layout_->UsesOf(parameter)) {
      for (const ReplicaParameters& replica : replicas_) {
        if (replica.member != member || replica.chunk != use.chunk || replica.device == nullptr) continue;
        const Piece piece = PieceOf(replica, part, use.offsets, spec.shape.NumBytes());
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
    // One replica stands for all, or each has a shard of the moments.
    const bool has_own = each.shard.has_value() && part.region == &ReplicaParameters::optimizer;
    if (!std::exchange(is_first, false) && !has_own) continue;
    const Piece piece = PieceOf(each, part, use.offsets, bytes);
    if (piece.bytes == 0) continue;
    BATON_RETURN_IF_ERROR(each.device->CopyFromArena(values + piece.offset, piece.address, piece.bytes));
  }
  return absl::OkStatus();
}

void ParameterState::Prepare(StateSnapshot& snapshot) const {
  Bytes bytes = 0;
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    if (SourceOf(parameter) != nullptr) bytes += WholeSpec(parameter).shape.NumBytes();
  }
  snapshot.memory.assign(static_cast<size_t>(bytes) * std::size(kParts), std::byte{});
  snapshot.files.clear();
  const std::byte* next = snapshot.memory.data();
  for (const StatePart& part : kParts) {
    if (snapshot.files.empty() || snapshot.files.back().name != part.file) snapshot.files.push_back({part.file, {}});
    for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
      if (SourceOf(parameter) == nullptr) continue;
      const ParameterSpec spec = WholeSpec(parameter);
      snapshot.files.back().tensors.push_back({absl::StrCat(spec.name, part.suffix), spec.shape, next});
      next += spec.shape.NumBytes();
    }
  }
}

absl::Status ParameterState::CopyTo(StateSnapshot& snapshot) const {
  std::byte* next = snapshot.memory.data();
  for (const StatePart& part : kParts) {
    for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
      if (SourceOf(parameter) == nullptr) continue;
      BATON_RETURN_IF_ERROR(Collect(parameter, part, next));
      next += WholeSpec(parameter).shape.NumBytes();
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
    for (const StatePart& part : kParts) {
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
  std::vector<TensorToWrite> weights;
  downloaded_.clear();
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterSpec spec = WholeSpec(parameter);
    const ReplicaParameters* replica = SourceOf(parameter);
    if (replica == nullptr) continue;
    const std::byte* values = replica->parameters + layout_->CanonicalUse(parameter).offsets.values;
    if (!replica->device->arena_is_shared() || !SpecOf(0, parameter).slice.IsWhole()) {
      downloaded_.emplace_back(spec.shape.NumBytes());
      BATON_RETURN_IF_ERROR(Collect(parameter, kValues, downloaded_.back().data()));
      values = downloaded_.back().data();
    }
    weights.push_back({spec.name, spec.shape, values});
  }
  return weights;
}

}  // namespace baton
