// Hands models to ops/tensor_parallel, and adds sums to layers.
#include "runtime/planning/members.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration.h"
#include "ops/tensor_parallel/member_model.h"

namespace baton {

absl::StatusOr<ModelSpec> MemberOfModel(const proto::Job& job, const ModelSpec& whole, int member) {
  return MemberModel(whole, job.parallel().tensor(), member, job.parallel().tensor_sequence());
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

std::vector<std::string> DescribePadding(int num_members, absl::Span<const std::vector<ParameterSpec>> layers) {
  std::map<int64_t, std::set<std::string>> padded;  // by the rows of the whole: the names of parameters
  for (const std::vector<ParameterSpec>& layer : layers) {
    for (const ParameterSpec& parameter : layer) {
      const AxisSlice& slice = parameter.slice;
      if (!slice.IsWhole() && slice.NumIndices() * num_members != slice.whole) {
        padded[slice.whole].insert(parameter.name);
      }
    }
  }
  std::vector<std::string> lines;
  for (const auto& [rows, names] : padded) {
    const int64_t each = (rows + num_members - 1) / num_members;
    lines.push_back(absl::StrCat("parallel.tensor: ", num_members, " does not divide the ", rows, " rows of ",
                                 absl::StrJoin(names, " and "), ": padded by ", each * num_members - rows,
                                 ", so that each device has ", each));
  }
  return lines;
}

}  // namespace baton
