// Folds add every group once, as a balanced tree, for any number of replicas.
#include "schedules/program/walk/gradient_folds.h"

#include <catch2/catch.hpp>
#include <string>

namespace baton {
namespace {

// One chunk; `replicas` replicas on devices of their own.
Program ProgramOf(int micro_batches, int sum_groups, int replicas) {
  Program program;
  program.num_chunks = 1;
  program.num_micro_batches = micro_batches;
  program.sum_groups = sum_groups;
  std::vector<std::vector<int32_t>> devices;
  std::vector<int32_t> replica_of_micro_batch;
  for (int32_t replica = 0; replica < replicas; ++replica) {
    devices.push_back({replica});
    replica_of_micro_batch.insert(replica_of_micro_batch.end(), micro_batches / replicas, replica);
  }
  program.placement = ChunkPlacement::OfReplicas(devices, replica_of_micro_batch);
  return program;
}

std::string Plus(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return "(" + a + "+" + b + ")";
}

// The sum of one replica's gradients as a formula.
std::string SumOf(const Program& program, int replica) {
  const std::vector<GradientFold> folds = FoldsOf(program, replica);
  std::vector<std::string> partial(10);
  std::string gradients;
  const int share = program.num_micro_batches / program.placement.num_replicas();
  for (int micro_batch = replica * share; micro_batch < (replica + 1) * share; ++micro_batch) {
    gradients = Plus(gradients, std::to_string(micro_batch));
    if (folds.empty()) continue;
    for (int i = 0; i < folds[micro_batch].num_added; ++i) gradients = Plus(partial[i], gradients);
    if (!folds[micro_batch].moves) continue;
    CHECK(folds[micro_batch].num_added < NumPartialSums(program.sum_groups / program.placement.num_replicas()));
    partial[folds[micro_batch].num_added] = gradients;
    gradients.clear();
  }
  return gradients;
}

// The sum over all replicas, as an AllReduce adds it.
std::string SumOf(const Program& program) {
  std::vector<std::string> sums;
  for (int replica = 0; replica < program.placement.num_replicas(); ++replica) sums.push_back(SumOf(program, replica));
  for (size_t stride = 1; stride < sums.size(); stride *= 2) {
    for (size_t i = 0; i + stride < sums.size(); i += 2 * stride) sums[i] = Plus(sums[i], sums[i + stride]);
  }
  return sums[0];
}

TEST_CASE("four groups of two micro-batches") {
  CHECK(SumOf(ProgramOf(8, 4, 1)) == "(((0+1)+(2+3))+((4+5)+(6+7)))");
  CHECK(SumOf(ProgramOf(8, 2, 1)) == "((((0+1)+2)+3)+(((4+5)+6)+7))");
  CHECK(SumOf(ProgramOf(4, 4, 1)) == "((0+1)+(2+3))");
  CHECK(SumOf(ProgramOf(8, 1, 1)) == "(((((((0+1)+2)+3)+4)+5)+6)+7)");
}

TEST_CASE("the sum depends on the groups, not on the replicas") {
  for (int groups = 1; groups <= 64; groups *= 2) {
    for (int replicas = 1; replicas <= groups; replicas *= 2) {
      CAPTURE(groups, replicas);
      CHECK(SumOf(ProgramOf(192, groups, replicas)) == SumOf(ProgramOf(192, groups, 1)));
    }
  }
}

TEST_CASE("one group a replica folds nothing") {
  for (int replicas : {1, 2, 3, 8}) CHECK(FoldsOf(ProgramOf(24, replicas, replicas), replicas - 1).empty());
}

TEST_CASE("partial sums are the logarithm of the groups") {
  const int expected[] = {0, 0, 1, 2, 2, 3, 3, 3, 3};
  for (int groups = 1; groups <= 8; ++groups) CHECK(NumPartialSums(groups) == expected[groups]);
  CHECK(NumPartialSums(65536) == 16);
}

}  // namespace
}  // namespace baton
