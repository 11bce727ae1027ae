// Replicas, ZeRO, tensor parallelism and sum groups: defaults and limits.
#include "runtime/job/resolve_parallel.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"

namespace baton {
namespace {

absl::Status CheckSumGroups(const proto::Batch& batch, const proto::Parallel& parallel) {
  const int groups = batch.sum_groups();
  const int replicas = parallel.replicas();
  BATON_RETURN_IF_ERROR(CheckRange("batch.sum_groups", groups, 1, 65536));
  const bool is_power = (groups & (groups - 1)) == 0;
  if (!is_power && groups != replicas) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch.sum_groups: ", groups, " must be a power of two, or parallel.replicas: ", replicas));
  }
  if (groups % replicas != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch.sum_groups: ", groups, " must be a multiple of parallel.replicas: ", replicas));
  }
  if (batch.micro_batches() % groups != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch.sum_groups: ", groups, " does not divide batch.micro_batches: ", batch.micro_batches()));
  }
  return absl::OkStatus();
}

// Every size of the batch has whole sum groups, as the last one has.
absl::Status CheckRamp(const proto::Batch& batch) {
  const int64_t group = int64_t{batch.sequences()} / batch.micro_batches() * batch.sum_groups();
  for (const auto& [field, value] : {std::make_pair("from", batch.ramp().from()), {"by", batch.ramp().by()}}) {
    if (value % group == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("batch.ramp.", field, ": ", value, " must be a multiple of ", group,
                     ", the sequences of a micro-batch times batch.sum_groups: ", batch.sum_groups()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolveParallel(proto::Batch& batch, proto::Parallel& parallel) {
  if (!parallel.has_replicas()) parallel.set_replicas(1);
  if (!parallel.has_zero()) parallel.set_zero(0);
  if (!parallel.has_tensor()) parallel.set_tensor(1);
  if (!parallel.has_tensor_sequence()) parallel.set_tensor_sequence(false);
  if (!parallel.has_verify_replicas_every()) parallel.set_verify_replicas_every(0);
  if (!batch.has_sum_groups()) batch.set_sum_groups(parallel.replicas());
  BATON_RETURN_IF_ERROR(CheckRange("parallel.replicas", parallel.replicas(), 1, 1024));
  if (batch.micro_batches() % parallel.replicas() != 0) {
    return absl::InvalidArgumentError(absl::StrCat("parallel.replicas: ", parallel.replicas(),
                                                   " does not divide batch.micro_batches: ", batch.micro_batches()));
  }
  BATON_RETURN_IF_ERROR(CheckSumGroups(batch, parallel));
  if (batch.has_ramp()) BATON_RETURN_IF_ERROR(CheckRamp(batch));
  BATON_RETURN_IF_ERROR(CheckRange("parallel.tensor", parallel.tensor(), 1, 1024));
  if (parallel.tensor_sequence() && parallel.tensor() == 1) {
    return absl::InvalidArgumentError("parallel.tensor_sequence: true needs parallel.tensor of at least 2, not 1");
  }
  BATON_RETURN_IF_ERROR(
      CheckRange("parallel.verify_replicas_every", parallel.verify_replicas_every(), 0, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckRange("parallel.zero", parallel.zero(), 0, 1));
  if (parallel.zero() == 0 || parallel.replicas() > 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("parallel.zero: ", parallel.zero(),
                                                 " needs parallel.replicas of at least 2, not ", parallel.replicas()));
}

}  // namespace baton
