// Hands models to ops/tensor_parallel, and adds sums to layers.
#include "runtime/planning/members.h"

#include "absl/strings/str_cat.h"
#include "base/duration.h"
#include "ops/tensor_parallel/member_model.h"

namespace baton {

absl::StatusOr<ModelSpec> MemberOfModel(const proto::Job& job, const ModelSpec& whole, int member) {
  return MemberModel(whole, job.parallel().tensor(), member);
}

std::vector<LayerCosts> WithMemberSums(const proto::Job& job, std::vector<LayerCosts> layers) {
  if (!job.devices().has_intra()) return layers;
  // ResolveJob has checked that the latency parses.
  const LinkCosts link = {ParseDuration(job.devices().intra().latency()).value_or(0),
                          job.devices().intra().bandwidth_gbps()};
  for (LayerCosts& layer : layers) {
    layer.forward_ns += layer.forward_sums.TimeOver(job.parallel().tensor(), link);
    layer.backward_input_ns += layer.backward_sums.TimeOver(job.parallel().tensor(), link);
  }
  return layers;
}

void GroupMembers(int num_members, CostModel& costs) {
  costs.devices_per_node /= num_members;
  costs.inter.bytes_per_ns /= num_members;
}

std::string DescribeMembers(int num_members) {
  if (num_members == 1) return "";
  return absl::StrCat(", each layer over ", num_members, " devices, of which one is shown");
}

}  // namespace baton
