// Plans of jobs with several devices a layer: sizes, the time of sums, links and cores.
#include "runtime/planning/members.h"

#include <catch2/catch.hpp>

#include "ops/reference/reference_backend.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/plan_job.h"

namespace baton {
namespace {

constexpr char kLinks[] = "devices={intra: {latency: \"2us\" bandwidth_gbps: 4}}";

constexpr char kSmallGpt[] = R"(
  model { gpt2 { layers: 8 width: 16 heads: 2 context: 12 vocabulary: 256 } }
  data { text: "none" }
  batch { sequences: 8 micro_batches: 4 }
  run { steps: 4 })";

proto::Job MakeJob(const std::vector<std::string>& overrides) {
  proto::Job job = ParseJob(kSmallGpt, "test").value();
  for (const std::string& assignment : overrides) REQUIRE(ApplyOverride(job, assignment).ok());
  return ResolveJob(std::move(job)).value();
}

JobPlan PlanOf(const std::vector<std::string>& overrides) {
  return PlanJob(ReferenceBackend(), MakeJob(overrides)).value();
}

}  // namespace

TEST_CASE("sums over members take the rounds of a ring") {
  const MemberSums sums = {3, 12'000};
  CHECK(sums.TimeOver(1, {1'000, 2}) == 0);
  // Two members: two rounds with half of the bytes each.
  CHECK(sums.TimeOver(2, {1'000, 2}) == 3 * 2 * 1'000 + 6'000);
  CHECK(sums.TimeOver(4, {1'000, 2}) == 3 * 6 * 1'000 + 9'000);
  CHECK(sums.TimeOver(4, {1'000, 0}) == 3 * 6 * 1'000);
  // A gather or a scattered sum is one half of the rounds.
  CHECK(MemberSums{0, 0, 6, 24'000}.TimeOver(4, {1'000, 2}) == sums.TimeOver(4, {1'000, 2}));
  CHECK(MemberSums{3, 12'000, 1, 8'000}.TimeOver(2, {1'000, 2}) == sums.TimeOver(2, {1'000, 2}) + 1'000 + 2'000);
}

TEST_CASE("passes wait for the sums of attention and of the feed-forward layer, of whole activations") {
  const JobPlan without = PlanOf({"parallel.tensor=2"});
  const JobPlan with = PlanOf({"parallel.tensor=2", kLinks});
  // A block of 2 sequences of 12 tokens, 16 wide, in f32.
  const Bytes activation = 2 * 12 * 16 * 4;
  const LayerCosts& block = with.table.costs[3];
  CHECK(block.forward_sums.count == 2);
  CHECK(block.forward_sums.bytes == 2 * activation);
  CHECK(block.backward_sums.count == 2);
  CHECK(block.backward_sums.bytes == 2 * activation);
  const std::vector<LayerCosts> layers = WithMemberSums(MakeJob({"parallel.tensor=2", kLinks}), with.table.costs);
  const Nanos sums = 2 * 2 * 2'000 + 2 * activation / 4;
  CHECK(layers[3].forward_ns == with.table.costs[3].forward_ns + sums);
  CHECK(layers[3].backward_input_ns == with.table.costs[3].backward_input_ns + sums);
  CHECK(layers[3].backward_weight_ns == with.table.costs[3].backward_weight_ns);
  CHECK(with.request.costs.chunks[0].forward_ns > without.request.costs.chunks[0].forward_ns + 7 * sums);
}

TEST_CASE("with slices of rows a forward exchanges the same bytes, and a backward pass half as many again") {
  const JobPlan without = PlanOf({"parallel.tensor=2", kLinks});
  const JobPlan with = PlanOf({"parallel={tensor: 2 tensor_sequence: true}", kLinks});
  const Bytes activation = 2 * 12 * 16 * 4;
  const LayerCosts& block = with.table.costs[3];
  CHECK(block.forward_sums.count == 0);
  CHECK(block.forward_sums.halves == 4);
  CHECK(block.forward_sums.half_bytes == 4 * activation);
  CHECK(block.forward_sums.TimeOver(2, {1'000, 2}) == without.table.costs[3].forward_sums.TimeOver(2, {1'000, 2}));
  CHECK(block.backward_sums.halves == 6);
  CHECK(block.backward_sums.half_bytes == 6 * activation);
  CHECK(block.backward_sums.count == 4);  // of the gradients of two norms, of 16 weights and 16 biases
  CHECK(block.backward_sums.bytes == 4 * 16 * 4);
  CHECK(block.output_bytes == without.table.costs[3].output_bytes / 2);
  CHECK(block.saved_bytes + block.saved_weight_bytes + block.keep_input_saved_bytes <
        without.table.costs[3].saved_bytes + without.table.costs[3].saved_weight_bytes +
            without.table.costs[3].keep_input_saved_bytes);
}

TEST_CASE("a member has less to compute and to remember, and the model as many FLOPs as before") {
  const JobPlan whole = PlanOf({});
  const JobPlan part = PlanOf({"parallel.tensor=2"});
  CHECK(part.request.costs.chunks[0].parameter_bytes < whole.request.costs.chunks[0].parameter_bytes * 6 / 10);
  CHECK(part.request.costs.chunks[0].forward_ns < whole.request.costs.chunks[0].forward_ns * 6 / 10);
  CHECK(ModelFlops(ReferenceBackend(), MakeJob({"parallel.tensor=2"})).value() ==
        ModelFlops(ReferenceBackend(), MakeJob({})).value());
}

TEST_CASE("the other members have the layout of the first") {
  const proto::Job job = MakeJob({"parallel.tensor=2", "pipeline.stages=2"});
  const ReferenceBackend backend;
  const JobPlan first = PlanJob(backend, job).value();
  const JobPlan other = PlanMember(backend, job, first, 1).value();
  CHECK(other.split.size() == first.split.size());
  REQUIRE(other.layout.num_parameters() == first.layout.num_parameters());
  for (int i = 0; i < first.layout.num_parameters(); ++i) {
    const ParameterSpec& a = first.layout.parameters()[i];
    const ParameterSpec& b = other.layout.parameters()[i];
    CAPTURE(a.name);
    CHECK(b.name == a.name);
    CHECK(b.shape == a.shape);
    CHECK((a.slice.IsWhole() ? b.slice.IsWhole() : b.slice != a.slice));
  }
}

TEST_CASE("members have GPUs of their own, or share those of a node") {
  const auto cores = [](int gpus, double overlap) {
    proto::Job job = MakeJob({"pipeline.stages=4", "parallel.tensor=2"});
    job.mutable_devices()->set_backend(proto::Devices::CUDA);
    job.mutable_devices()->set_gpu_overlap(overlap);
    CostModel costs;
    ApplyCores(job, gpus, costs);
    return costs.cores;
  };
  const SharedCores own = cores(4, 1.25);
  CHECK(own.cores == 1.25);
  CHECK(own.threads_each == 1);
  CHECK(own.gpus_per_host == 2);
  CHECK(own.AreShared(4));
  const SharedCores shared = cores(3, 1);
  CHECK(shared.cores == 3);
  CHECK(shared.threads_each == 2);
  CHECK(shared.gpus_per_host == 1);
  CHECK_FALSE(cores(0, 1).AreShared(4));
}

TEST_CASE("a device of the program stands for a group: in nodes, on links between them and on cores") {
  const JobPlan plan = PlanOf({"pipeline.stages=4", "parallel.tensor=2",
                               "devices={per_node: 4 cores: 3 intra: {latency: \"1us\" bandwidth_gbps: 8} "
                               "inter: {latency: \"9us\" bandwidth_gbps: 6}}"});
  const CostModel& costs = plan.request.costs;
  CHECK(costs.devices_per_node == 2);
  CHECK(costs.bytes_per_ns == 8);
  CHECK(costs.inter.bytes_per_ns == 3);
  CHECK(costs.cores.threads_each == 2);
  CHECK(costs.cores.devices_per_host == 2);
  CHECK(DescribeMembers(1).empty());
  CHECK(DescribeMembers(2) == ", each layer over 2 devices, of which one is shown");
}

}  // namespace baton
