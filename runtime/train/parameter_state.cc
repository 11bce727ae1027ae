// Copies between one host buffer and the uses of a parameter.
#include "runtime/train/parameter_state.h"

#include <utility>

#include "absl/types/span.h"
#include "base/status.h"

namespace baton {

ParameterState::ParameterState(const ParameterLayout* layout, std::vector<ReplicaParameters> replicas)
    : layout_(layout), replicas_(std::move(replicas)), first_replica_(layout->num_chunks(), nullptr) {
  for (const ReplicaParameters& replica : replicas_) {
    if (first_replica_[replica.chunk] == nullptr) first_replica_[replica.chunk] = &replica;
  }
}

absl::Status ParameterState::Fill(ParameterSource& source) {
  std::vector<std::byte> values;
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterSpec& spec = layout_->parameters()[parameter];
    const Bytes bytes = spec.shape.NumBytes();
    values.resize(bytes);
    BATON_RETURN_IF_ERROR(source.Read(spec, absl::MakeSpan(values)));
    for (const ParameterUse& use : layout_->UsesOf(parameter)) {
      for (const ReplicaParameters& replica : replicas_) {
        if (replica.chunk != use.chunk) continue;
        BATON_RETURN_IF_ERROR(
            replica.device->CopyToArena(replica.parameters + use.offsets.values, values.data(), bytes));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TensorToWrite>> ParameterState::Weights() {
  std::vector<TensorToWrite> weights;
  downloaded_.clear();
  for (int parameter = 0; parameter < layout_->num_parameters(); ++parameter) {
    const ParameterSpec& spec = layout_->parameters()[parameter];
    const ParameterUse& use = layout_->CanonicalUse(parameter);
    const ReplicaParameters& replica = *first_replica_[use.chunk];
    const std::byte* values = replica.parameters + use.offsets.values;
    if (!replica.device->arena_is_shared()) {
      downloaded_.emplace_back(spec.shape.NumBytes());
      BATON_RETURN_IF_ERROR(replica.device->CopyFromArena(downloaded_.back().data(), values, spec.shape.NumBytes()));
      values = downloaded_.back().data();
    }
    weights.push_back({spec.name, spec.shape, values});
  }
  return weights;
}

}  // namespace baton
