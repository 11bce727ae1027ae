// The plan of a job under tensor parallelism (parallel.tensor): the part of the model that one member of a group
// computes, and the time of the sums over members. All members run the same program, so one of them is planned,
// compiled and simulated. Used by plan_job.cc and the commands that plan.
//
//   BATON_ASSIGN_OR_RETURN(ModelSpec part, MemberOfModel(job, ModelOfJob(job).value(), /*member=*/0));
//   costs.chunks = SumChunks(WithMemberSums(job, table.costs), split, …);
#ifndef BATON_RUNTIME_PLANNING_MEMBERS_H_
#define BATON_RUNTIME_PLANNING_MEMBERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"
#include "proto/job.pb.h"
#include "schedules/costs/costs.h"

namespace baton {

// The part of `whole` for `member`, in [0, parallel.tensor), as MemberModel. Errors: those of MemberModel.
absl::StatusOr<ModelSpec> MemberOfModel(const proto::Job& job, const ModelSpec& whole, int member);

// The layers with the time of their sums over members, by devices.intra, in the passes; without devices.intra sums take
// no time. In a pass a member waits for each sum.
std::vector<LayerCosts> WithMemberSums(const proto::Job& job, std::vector<LayerCosts> layers);

// Turns links between devices into links between groups of members: a node has fewer groups than devices, and all
// transfers of a group between two nodes share the link. Within a node each member has links of its own.
void GroupMembers(int num_members, CostModel& costs);

// For descriptions, as ", each layer over 2 devices, of which one is shown"; empty without tensor parallelism.
std::string DescribeMembers(int num_members);

// A line for each number of tokens or classes that the members do not divide, such as "parallel.tensor: 2 does not
// divide the 257 rows of wte.weight: padded by 1, so that each device has 129"; empty if there is none.
// `layers`: the parameters of each layer, of member 0.
std::vector<std::string> DescribePadding(int num_members, absl::Span<const std::vector<ParameterSpec>> layers);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_MEMBERS_H_
