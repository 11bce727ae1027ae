// Parts of shards, and the elements of the table that they fill.
#include "runtime/train/norm_table.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace baton {
namespace {

ParameterSpec SpecOf(const std::string& name, int64_t elements) {
  ParameterSpec spec;
  spec.name = name;
  spec.shape = Shape(DataType::kFloat32, {elements});
  return spec;
}

// Chunk 0 is scattered over the replicas, chunk 1 is not.
Program ProgramOf(int num_replicas) {
  Program program;
  program.num_chunks = 2;
  program.num_micro_batches = num_replicas;
  std::vector<ChunkReplica> replicas;
  std::vector<int32_t> replica_of_micro_batch, of_chunk0, of_chunk1;
  for (int32_t replica = 0; replica < num_replicas; ++replica) {
    replicas.push_back({0, replica, 2 * replica});
    replicas.push_back({1, replica, 2 * replica + 1});
    replica_of_micro_batch.push_back(replica);
    of_chunk0.push_back(2 * replica);
    of_chunk1.push_back(2 * replica + 1);
  }
  program.placement = ChunkPlacement::OfList(2, replicas, replica_of_micro_batch);
  program.reduce_groups = {{ReduceKind::kShardGradient, "chunk 0", of_chunk0, 0},
                           {ReduceKind::kReplicaGradient, "chunk 1", of_chunk1, 0}};
  return program;
}

TEST_CASE("shards have every element once, and the pieces of a parameter fill elements of their own") {
  const int num_replicas = GENERATE(2, 3, 4, 7);
  const int num_members = GENERATE(1, 2);
  CAPTURE(num_replicas, num_members);
  std::vector<ParameterSpec> first = {SpecOf("a", 5), SpecOf("b", 1000), SpecOf("c", 37), SpecOf("d", 2000)};
  first[1].slice.whole = 2000;
  first[2].frozen = true;
  const auto layout = ParameterLayout::Create({first, {SpecOf("e", 100), SpecOf("f", 3)}}, DataType::kFloat32).value();
  const NormTable table(layout, ProgramOf(num_replicas), num_members);
  CHECK(table.IsScattered(0));
  CHECK_FALSE(table.IsScattered(1));
  CHECK(!table.cuts().empty());
  std::set<int32_t> filled;
  for (const ParameterUse& use : layout.UsesIn(0)) {
    const ParameterSpec& spec = layout.SpecOf(use);
    for (int member = 0; member < num_members; ++member) {
      Bytes covered = 0;
      for (int replica = 0; replica < num_replicas; ++replica) {
        const Shard shard = ShardOf(layout.ParameterBytes(0), replica, num_replicas);
        for (const NormTable::Part& part : table.PartsIn(layout, use, shard, member)) {
          CHECK(part.bytes.begin >= shard.begin);
          CHECK(part.bytes.end <= shard.end);
          CHECK(part.bytes.begin == use.offsets.values + covered);
          covered += part.bytes.bytes();
          const bool counts = !spec.frozen && (member == 0 || spec.name == "b");
          CHECK((part.norm >= 0) == counts);
          // Members add up the norms of parameters that are not cut.
          if (counts && part.norm >= layout.num_parameters()) CHECK(filled.insert(part.norm).second);
        }
      }
      CHECK(covered == spec.shape.NumBytes());
    }
  }
  CHECK(static_cast<int64_t>(filled.size()) == table.size() - layout.num_parameters());
}

// Leaf n of a parameter has the sum n + 1, which is exact: the joined norm has each leaf once.
TEST_CASE("the pieces of a parameter are joined to its norm") {
  const int num_replicas = GENERATE(2, 3, 8);
  const auto layout =
      ParameterLayout::Create({{SpecOf("a", 1601), SpecOf("b", 640)}, {SpecOf("c", 16)}}, DataType::kFloat32).value();
  const NormTable table(layout, ProgramOf(num_replicas), 1);
  std::vector<double> norms(table.size());
  for (const ParameterUse& use : layout.UsesIn(0)) {
    for (int replica = 0; replica < num_replicas; ++replica) {
      const Shard shard = ShardOf(layout.ParameterBytes(0), replica, num_replicas);
      for (const NormTable::Part& part : table.PartsIn(layout, use, shard, 0)) {
        for (Bytes byte = part.bytes.begin; byte < part.bytes.end; byte += 64) {
          norms[part.norm] += static_cast<double>((byte - use.offsets.values) / 64 + 1);
        }
      }
    }
  }
  for (const CutNorm& cut : table.cuts()) JoinCutNorm(cut, table.levels().data(), norms.data());
  CHECK(norms[0] == 101 * 102 / 2);
  CHECK(norms[1] == 40 * 41 / 2);
}

TEST_CASE("without scattered sums the table has the norms alone") {
  const auto layout = ParameterLayout::Create({{SpecOf("a", 1601)}, {SpecOf("c", 16)}}, DataType::kFloat32).value();
  Program program = ProgramOf(4);
  program.reduce_groups.erase(program.reduce_groups.begin());
  const NormTable table(layout, program, 2);
  CHECK(table.size() == 2);
  CHECK(table.cuts().empty());
}

}  // namespace
}  // namespace baton
