// Rules on programs with replicas, and how violations are reported.
#include "schedules/order/replicate.h"
#include "schedules/validate/testing/bad_program.h"

namespace baton {
namespace {

// Chunk 0 is on device 0 for even micro-batches and on device 1 for odd ones, chunk 1 the other way round. Groups 0 and
// 1 sum the replicas, group 2 the tied parameter, group 3 the norm.
Patient Replicas() { return {MustLower(*MakeOrder("chimera", {2, 4}))}; }

TEST_CASE("replicas: each rule knows which device a micro-batch belongs to") {
  const BadProgram bads[] = {
      {"ranges", "3 micro-batches have a replica; there are 4", Replicas,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1, 0});
       }},
      {"ranges", "micro-batch 2 uses replica -1", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, -1, 1});
       }},
      {"ranges", "micro-batch 2 uses replica 2; there are 2", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, 2, 1});
       }},
      {"ranges", "reduce group 3: member 4 must be from 2 to 3", Replicas,
       [](Patient& p) { p.program.reduce_groups[3].members.back() = 4; }},
      {"ranges", "two replicas of chunk 0 are listed on device 0", Replicas,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::OfList(2, {{0, 0, 0}, {1, 0, 1}, {0, 1, 0}, {1, 1, 0}}, {0, 1, 0, 1});
       }},
      {"completeness", "is on device 0; its chunk is on device 1", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 1, 1, 1});
       }},
      {"completeness", "Forward chunk 1 micro-batch 1 is missing", Replicas,
       [](Patient& p) { p.Remove(0, p.IndexOf<Forward>(0, 1, 1)); }},
      {"completeness", "Update chunk 1 is missing", Replicas, [](Patient& p) { p.Code(0).pop_back(); }},
      {"completeness", "adds to gradients after micro-batch 3", Replicas,
       [](Patient& p) { std::swap(p.Get<Backward>(0, 1, 1).micro_batch, p.Get<Backward>(0, 1, 3).micro_batch); }},
      {"completeness", "reduce group 1 does not sum each replica of chunk 1 once", Replicas,
       [](Patient& p) { p.program.reduce_groups[1].members = {1}; }},
      {"completeness", "the replicas of chunk 1 are summed by 0 reduce groups, not 1", Replicas,
       [](Patient& p) { p.program.reduce_groups[1].kind = ReduceKind::kTiedGradient; }},
      {"completeness", "the replicas of chunk 0 are summed by 1 reduce groups, not 0", Whole,
       [](Patient& p) { p.program.reduce_groups[0].kind = ReduceKind::kReplicaGradient; }},
      {"completeness", "sums replicas after the AllReduce at instruction", Replicas,
       [](Patient& p) {
         for (int device : {0, 1}) {
           std::swap(p.Code(device)[p.IndexOfReduce(device, 1)].operation,
                     p.Code(device)[p.IndexOfReduce(device, 2)].operation);
         }
       }},
      {"transfers", "Send activation chunk 0 micro-batch 1 to device 0 is missing", Replicas,
       [](Patient& p) { p.Remove(1, p.IndexOf<Send>(1, 0, 1)); }},
      {"transfers", "is of a chunk on device 0", Replicas,
       [](Patient& p) {
         p.SetReplicas({0, 0, 0, 1});
       }},
      {"memory", "chunk 1 has no memory", Replicas, [](Patient& p) { p.program.devices[0].chunks.pop_back(); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

// 1F1B of two stages, twice: each copy has two of four sum groups and eight micro-batches.
Patient Copies() { return {MustLower(Replicate(*MakeOrder("1f1b", {2, 4}), 2), 2, 4)}; }

TEST_CASE("copies of a pipeline sum consecutive groups of micro-batches, with memory for their partial sums") {
  const BadProgram bads[] = {
      {"ranges", "sum groups 0 must be from 1 to 8", Copies, [](Patient& p) { p.program.sum_groups = 0; }},
      {"ranges", "sum groups: 3 do not divide 8 micro-batches", Copies, [](Patient& p) { p.program.sum_groups = 3; }},
      {"ranges", "partial sums of chunk 0", Copies,
       [](Patient& p) { p.program.devices[0].chunks[0].partial_sum_bytes = -1; }},
      {"sums", "bytes of partial sums; its 4 sum groups need", Copies, [](Patient& p) { p.program.sum_groups = 8; }},
      {"sums", "chunk 1 has 0 bytes of partial sums; its 2 sum groups need", Copies,
       [](Patient& p) { p.program.devices[3].chunks[0].partial_sum_bytes = 0; }},
      {"sums", "of chunk 0 sums group 0 after group 3", Copies,
       [](Patient& p) {
         p.SetReplicas({1, 1, 1, 1, 0, 0, 0, 0});
       }},
      {"sums", "of chunk 1 sums 1 groups; another replica 3", Copies,
       [](Patient& p) {
         p.SetReplicas({0, 0, 0, 0, 0, 0, 1, 1});
       }},
      {"sums", "replica 0 of chunk 0 sums groups 0 to 2, which are no branch of a balanced tree", Copies,
       [](Patient& p) {
         p.SetReplicas({0, 0, 0, 0, 0, 0, 1, 1});
       }},
      {"sums", "replica 1 of chunk 0 sums parts of groups 0 to 3", Copies,
       [](Patient& p) {
         p.SetReplicas({0, 1, 0, 1, 0, 1, 0, 1});
       }},
      {"memory", "overlaps", Copies,
       [](Patient& p) {
         ChunkMemory& memory = p.program.devices[0].chunks[0];
         memory.optimizer_offset = memory.gradients_offset + memory.parameter_bytes;
       }},
      {"completeness", "reduce group 0 does not sum each replica of chunk 0 once", Copies,
       [](Patient& p) { p.program.reduce_groups[0].members = {0}; }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

// The same with optimizer state in shards. Groups 0 and 1 scatter sums, 2 and 3 gather the tied gradient of each chunk,
// 4 and 5 sum it, 6 is the norm, 7 and 8 exchange shards.
Patient Sharded() { return {MustLower(Replicate(*MakeOrder("1f1b", {2, 4}), 2), 2, 4, /*shards_optimizer=*/true)}; }

TEST_CASE("replicas exchange the shards that they have updated, each chunk once") {
  const BadProgram bads[] = {
      {"completeness", "AllGather group 7 is missing", Sharded, [](Patient& p) { p.Remove(2, p.IndexOfReduce(2, 7)); }},
      {"completeness", "reduce group 7 does not update each replica of chunk 0 once", Sharded,
       [](Patient& p) { p.program.reduce_groups[7].members = {0}; }},
      {"completeness", "the replicas of chunk 1 are updated by 2 reduce groups, not 1", Sharded,
       [](Patient& p) { p.program.reduce_groups.push_back(p.program.reduce_groups[8]); }},
      {"completeness", "is done twice on this device", Sharded,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), AllGather{7}); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

// The instruction must not wait for the other one any more.
void DropWait(Patient& p, int device, int index, int32_t dropped) {
  DeviceProgram& code = p.program.devices[device];
  std::vector<int32_t> kept;
  for (const int32_t wait : code.WaitsOf(code.instructions[index])) {
    if (wait != dropped) kept.push_back(wait);
  }
  REQUIRE(kept.size() + 1 == code.instructions[index].num_waits);
  code.instructions[index].first_wait = static_cast<uint32_t>(code.waits.size());
  code.instructions[index].num_waits = static_cast<uint32_t>(kept.size());
  code.waits.insert(code.waits.end(), kept.begin(), kept.end());
}

TEST_CASE("rule regions: what waits must keep apart") {
  const BadProgram bads[] = {
      {"regions", "writes the gradients of chunk 0 without waiting for instruction", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOfReduce(0, 0), p.IndexOf<Backward>(0, 0, 3)); }},
      {"regions", "(ReduceScatter group 0), which uses them", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOfReduce(0, 2), p.IndexOfReduce(0, 0)); }},
      {"regions", "(AllGather group 2), which uses them", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOfReduce(0, 4), p.IndexOfReduce(0, 2)); }},
      {"regions", "reads the gradients of chunk 0 without waiting for instruction", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOfReduce(0, 6), p.IndexOfReduce(0, 4)); }},
      {"regions", "(AllReduce group 6), which uses them", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOf<Update>(0, 0, -1), p.IndexOfReduce(0, 6)); }},
      {"regions", "reads the parameters of chunk 0 without waiting for instruction", Sharded,
       [](Patient& p) { DropWait(p, 0, p.IndexOf<Forward>(0, 0, 0), p.IndexOfReduce(0, 7)); }},
      {"regions", "writes the parameters of chunk 0 without waiting for instruction", Sharded,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), AllGather{7}); }},
      {"completeness", "adds to gradients after the collective at instruction", Sharded,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 0) + 1, p.Get<Backward>(0, 0, 3)); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule collectives: the members of a group agree on every one of them") {
  const BadProgram bads[] = {
      {"collectives", "gathers a group whose members have no shards", Sharded,
       [](Patient& p) { p.Code(0)[p.IndexOfReduce(0, 6)].operation = AllGather{6}; }},
      {"collectives", "sums a group whose members have shards of a sum, which an AllGather completes", Sharded,
       [](Patient& p) { p.Code(0)[p.IndexOfReduce(0, 2)].operation = AllReduce{2}; }},
      {"collectives", "sums a group whose members have shards of an update", Sharded,
       [](Patient& p) { p.Code(0)[p.IndexOfReduce(0, 7)].operation = AllReduce{7}; }},
      {"collectives", "meets device 0 instruction", Sharded,
       [](Patient& p) { p.Code(2)[p.IndexOfReduce(2, 7)].operation = AllReduce{7}; }},
      {"collectives", "has 0 collectives of group 7; device 0 has 1", Sharded,
       [](Patient& p) { p.Remove(2, p.IndexOfReduce(2, 7)); }},
      {"collectives", "; on device 0, which has both groups, it comes before it", Replicas,
       [](Patient& p) {
         std::swap(p.Code(1)[p.IndexOfReduce(1, 0)].operation, p.Code(1)[p.IndexOfReduce(1, 1)].operation);
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

// Three stages, of which the one in the middle has no tied parameter: groups 0 to 2 scatter sums, 3 and 4 gather the
// tied gradient of chunks 0 and 2, 5 and 6 sum it, 7 is the norm, 8 to 10 exchange shards. It is on devices 1 and 4.
Patient Scattered() { return {MustLower(Replicate(*MakeOrder("1f1b", {3, 4}), 2), 2, 4, /*shards_optimizer=*/true)}; }

TEST_CASE("replicas that have the sums of their shards alone") {
  CheckSound(Scattered().program);
  const BadProgram bads[] = {
      {"collectives", "is of a group whose members get shards of a sum, which a ReduceScatter gives them", Scattered,
       [](Patient& p) { p.Code(1)[p.IndexOfReduce(1, 1)].operation = AllReduce{1}; }},
      {"collectives", "scatters the sum of a group whose members need all of it", Copies,
       [](Patient& p) { p.Code(0)[p.IndexOfReduce(0, 0)].operation = ReduceScatter{0}; }},
      {"completeness", "ReduceScatter group 1 is missing", Scattered,
       [](Patient& p) { p.Remove(4, p.IndexOfReduce(4, 1)); }},
      {"completeness", "is done twice on this device", Scattered,
       [](Patient& p) { p.Insert(1, p.IndexOfReduce(1, 1) + 1, ReduceScatter{1}); }},
      {"completeness", "is on a device that has no member of the group", Scattered,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 0) + 1, ReduceScatter{1}); }},
      {"completeness", "adds to gradients after the collective at instruction", Scattered,
       [](Patient& p) { p.Insert(1, p.IndexOfReduce(1, 1) + 1, p.Get<Backward>(1, 1, 3)); }},
      {"completeness", "sums replicas after the AllReduce at instruction", Scattered,
       [](Patient& p) {
         for (int device : {1, 4}) {
           std::swap(p.Code(device)[p.IndexOfReduce(device, 1)].operation,
                     p.Code(device)[p.IndexOfReduce(device, 7)].operation);
         }
       }},
      {"completeness", "comes after the Update at instruction", Scattered,
       [](Patient& p) {
         std::swap(p.Code(1)[p.IndexOfReduce(1, 1)].operation, p.Code(1)[p.IndexOf<Update>(1, 1, -1)].operation);
       }},
      {"completeness", "the replicas of chunk 1 are summed by 2 reduce groups, not 1", Scattered,
       [](Patient& p) { p.program.reduce_groups.push_back(p.program.reduce_groups[1]); }},
      {"completeness", "shards of a sum, but no group gathers what they update", Scattered,
       [](Patient& p) { p.program.reduce_groups[9].kind = ReduceKind::kGradientNorm; }},
      {"completeness", "is a ReduceScatter in a forward-only program", Scattered,
       [](Patient& p) { p.program.forward_only = true; }},
      {"regions", "writes the gradients of chunk 1 without waiting for instruction", Scattered,
       [](Patient& p) { DropWait(p, 1, p.IndexOfReduce(1, 1), p.IndexOf<Backward>(1, 1, 3)); }},
      {"regions", "(ReduceScatter group 1), which uses them", Scattered,
       [](Patient& p) { DropWait(p, 1, p.IndexOfReduce(1, 7), p.IndexOfReduce(1, 1)); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule shards: from step to step, no pass reads a shard that was not gathered") {
  const BadProgram bads[] = {
      {"shards", "reads the parameters of chunk 0, of which instruction", Sharded,
       [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 7)); }},
      {"shards", "(Update chunk 0) of the step before has updated one shard and no AllGather brought the others",
       Sharded, [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 7)); }},
      {"shards", "(Update chunk 0) has updated one shard and no AllGather brought the others", Sharded,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), p.Get<Forward>(0, 0, 0)); }},
      {"shards", "gathers shards after their Update; device 0 gathers them before it", Sharded,
       [](Patient& p) {
         p.Remove(2, p.IndexOfReduce(2, 7));
         p.Insert(2, static_cast<int>(p.Code(2).size()), AllGather{7});
       }},
      {"shards", "adds to the gradients of chunk 1 between instruction", Scattered,
       [](Patient& p) { p.Insert(1, p.IndexOfReduce(1, 1) + 1, p.Get<Backward>(1, 1, 3)); }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
  // All may gather at the end of a step instead.
  Patient patient = Sharded();
  for (int device = 0; device < 4; ++device) {
    const int group = device % 2 == 0 ? 7 : 8;
    const int chunk = device % 2;
    patient.Remove(device, patient.IndexOfReduce(device, group));
    patient.Insert(device, static_cast<int>(patient.Code(device).size()), AllGather{group});
    patient.Wait(device, static_cast<int>(patient.Code(device).size()) - 1, patient.IndexOf<Update>(device, chunk, -1));
  }
  CheckSound(patient.program);
}

// Chunk 0 uses the parameter twice, chunk 1 once: groups 2 to 4 gather the gradients of these uses, and 5 and 6 sum
// them.
Patient TiedTwice() {
  LowerOptions options{"test", VariedCosts(2)};
  options.replicas = options.sum_groups = 2;
  options.shards_optimizer = true;
  options.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, 0, 1}, 64},
                           {ReduceKind::kGradientNorm, "", {0, 1}, 64}};
  return {Lower(Replicate(*MakeOrder("1f1b", {2, 4}), 2), options).value()};
}

TEST_CASE("tied gradients are summed once each use has all shards of its own") {
  const BadProgram bads[] = {
      {"completeness", "AllGather group 2 is missing", Sharded, [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 2)); }},
      {"completeness", "reduce group 2 does not gather a tied gradient of each replica of chunk 0 once", Sharded,
       [](Patient& p) { p.program.reduce_groups[2].members = {0}; }},
      {"completeness", "sums replicas after the AllReduce at instruction", Sharded,
       [](Patient& p) {
         std::swap(p.Code(0)[p.IndexOfReduce(0, 2)].operation, p.Code(0)[p.IndexOfReduce(0, 4)].operation);
       }},
      {"completeness", "adds to gradients after the collective at instruction", Sharded,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 2) + 1, p.Get<Backward>(0, 0, 3)); }},
      {"shards", "sums tied, of whose gradient in chunk 0 instruction", Sharded,
       [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 2)); }},
      {"shards", "(ReduceScatter group 0) gave the replica one shard and no AllGather brought the others", Sharded,
       [](Patient& p) {
         std::swap(p.Code(0)[p.IndexOfReduce(0, 2)].operation, p.Code(0)[p.IndexOfReduce(0, 4)].operation);
       }},
      {"shards", "gathers the gradient of tied in chunk 0, of which no ReduceScatter has made shards", Sharded,
       [](Patient& p) {
         std::swap(p.Code(0)[p.IndexOfReduce(0, 0)].operation, p.Code(0)[p.IndexOfReduce(0, 2)].operation);
       }},
      {"shards", "sums tied, of whose gradient in chunk 0 instruction", TiedTwice,
       [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 3)); }},
      {"shards", "sums tied, of whose gradient in chunk 1 instruction", Scattered,
       [](Patient& p) {
         p.Insert(1, p.IndexOfReduce(1, 7), AllReduce{5});
         p.program.reduce_groups[5].members = {0, 1, 2};
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("a deadlock names only the cycle, not the devices that wait for it") {
  // Device 0 sums group 0 before group 1, device 1 the other way round; device 2 waits for both.
  auto order = MakeOrder("gpipe", {3, 1});
  REQUIRE(order.ok());
  Patient patient{MustLower(*order)};
  patient.program.reduce_groups[0].members = {0, 1};
  const int norm = patient.IndexOfReduce(1, 1);
  patient.Insert(1, norm + 1, AllReduce{0});
  patient.Wait(1, norm + 1, norm);
  patient.Wait(1, norm + 2, norm + 1);  // the Update
  patient.Remove(2, patient.IndexOfReduce(2, 0));
  patient.Wait(2, patient.IndexOfReduce(2, 1), patient.IndexOf<Backward>(2, 2, 0));
  const std::vector<Violation> violations = Validate(patient.program);
  REQUIRE(violations.size() == 2);
  CHECK(violations[0].rule == "collectives");
  CHECK(violations[1].device == 0);
  CHECK(violations[1].instruction == patient.IndexOfReduce(0, 1));
  const auto name = [&](int device, int group) {
    return "instruction " + std::to_string(patient.IndexOfReduce(device, group)) + " (AllReduce group " +
           std::to_string(group) + ")";
  };
  CHECK(violations[1].message == "instructions wait for each other in a cycle: device 0 " + name(0, 1) + " waits for " +
                                     name(0, 0) + "; device 0 " + name(0, 0) + " waits for device 1 " + name(1, 0) +
                                     " to take part; device 1 " + name(1, 0) + " waits for " + name(1, 1) +
                                     "; device 1 " + name(1, 1) + " waits for device 0 " + name(0, 1) +
                                     " to take part");
}

TEST_CASE("every violation is reported, and CheckProgram names the first ones") {
  Patient patient = Whole();
  for (int micro_batch = 0; micro_batch < 4; ++micro_batch) {
    patient.Remove(0, patient.IndexOf<Load>(0, 0, micro_batch));
  }
  const std::vector<Violation> violations = Validate(patient.program);
  const auto count = [&](const char* rule) {
    return std::count_if(violations.begin(), violations.end(), [&](const Violation& v) { return v.rule == rule; });
  };
  CHECK(count("completeness") == 4);
  CHECK(count("slots") == 8);  // each Forward and each Backward reads a slot that no Load wrote
  CHECK(violations.size() == 12);
  const absl::Status status = CheckProgram(patient.program);
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() ==
        "the program of schedule \"test\" is unsound: device 0: completeness: Load inputs chunk 0 micro-batch 0 is "
        "missing; device 0: completeness: Load inputs chunk 0 micro-batch 1 is missing; device 0: completeness: Load "
        "inputs chunk 0 micro-batch 2 is missing; and 9 more");
}

}  // namespace
}  // namespace baton
