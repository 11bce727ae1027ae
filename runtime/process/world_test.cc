#include "runtime/process/world.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "runtime/process/slurm_lists.h"

namespace baton {
namespace {

using Variables = std::map<std::string, std::string>;

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "4"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "2"},
                             {"MASTER_ADDR", "node-1"},
                             {"MASTER_PORT", "29500"},
                             {"TORCHELASTIC_RUN_ID", "none"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                             {"TORCHELASTIC_RESTART_COUNT", "2"}};
const Variables kSrun = {{"SLURM_PROCID", "2"},
                         {"SLURM_NTASKS", "3"},
                         {"SLURM_STEP_NUM_TASKS", "3"},
                         {"SLURM_LOCALID", "0"},
                         {"SLURM_NODEID", "1"},
                         {"SLURM_JOB_ID", "71"},
                         {"SLURM_STEP_ID", "0"},
                         {"SLURM_STEP_TASKS_PER_NODE", "2,1"},
                         {"SLURM_JOB_NODELIST", "n[1-9]"},
                         {"SLURM_STEP_NODELIST", "n[07-08]"},
                         {"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.1"}};
const Variables kMpirun = {{"OMPI_COMM_WORLD_RANK", "1"},
                           {"OMPI_COMM_WORLD_SIZE", "2"},
                           {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                           {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                           {"PMIX_NAMESPACE", "3141992449"}};
const Variables kBaton = {{"BATON_RANK", "1"},       {"BATON_WORLD_SIZE", "4"}, {"BATON_LOCAL_RANK", "1"},
                          {"BATON_LOCAL_SIZE", "2"}, {"BATON_GENERATION", "3"}, {"BATON_LEADER", "host-a:4000"}};

// `base` with variables added or replaced; an empty value unsets.
Environment With(Variables base, const Variables& changes = {}) {
  for (const auto& [name, value] : changes) base[name] = value;
  return Environment(base);
}

struct Found {
  const char* what;
  Environment environment;
  std::string line;  // of DescribeWorld
};

TEST_CASE("each launcher's variables make a world") {
  const std::vector<Found> table = {
      {"nothing", With({}), "one process"},
      {"baton launch", With(kBaton),
       "rank 1 of 4 (local 1 of 2), rank 0 at host-a:4000, generation 3, by baton launch (BATON_RANK, "
       "BATON_WORLD_SIZE)"},
      {"by hand", With({{"BATON_RANK", "0"}, {"BATON_WORLD_SIZE", "2"}, {"BATON_LEADER", "[::1]:4000"}}),
       "rank 0 of 2, rank 0 at [::1]:4000, by baton launch (BATON_RANK, BATON_WORLD_SIZE)"},
      {"torchrun: its agent has MASTER_PORT", With(kTorchrun),
       "rank 3 of 4 (local 1 of 2), rank 0 at node-1:29501, generation 2, by torchrun (RANK, WORLD_SIZE)"},
      {"an overridden address", With(kTorchrun, {{"BATON_LEADER", "10.1.1.1:77"}}),
       "rank 3 of 4 (local 1 of 2), rank 0 at 10.1.1.1:77, generation 2, by torchrun (RANK, WORLD_SIZE)"},
      {"torchrun inside Slurm", With(kSrun, kTorchrun),
       "rank 3 of 4 (local 1 of 2), rank 0 at node-1:29501, generation 2, by torchrun (RANK, WORLD_SIZE)"},
      {"PyTorchJob: one process a pod",
       With({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "job-master-0"}, {"MASTER_PORT", "23456"}}),
       "rank 1 of 2 (local 0 of 1), rank 0 at job-master-0:23456, by PyTorchJob (RANK, WORLD_SIZE)"},
      {"JobSet",
       With({{"JOB_COMPLETION_INDEX", "1"}, {"BATON_WORLD_SIZE", "2"}, {"BATON_LEADER", "set-w-0-0.set:29400"}}),
       "rank 1 of 2 (local 0 of 1), rank 0 at set-w-0-0.set:29400, by JobSet (JOB_COMPLETION_INDEX, BATON_WORLD_SIZE)"},
      {"an indexed job that is no world", With({{"JOB_COMPLETION_INDEX", "1"}}), "one process"},
      {"srun", With(kSrun),
       "rank 2 of 3 (local 0 of 1), rank 0 at n07:22739, by srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS)"},
      {"srun, requeued, own address",
       With(kSrun, {{"SLURM_RESTART_COUNT", "1"}, {"MASTER_ADDR", "n07-ib"}, {"MASTER_PORT", "29500"}}),
       "rank 2 of 3 (local 0 of 1), rank 0 at n07-ib:29500, generation 1, by srun (SLURM_PROCID, "
       "SLURM_STEP_NUM_TASKS)"},
      {"a step of one task",
       With(kSrun, {{"SLURM_PROCID", "0"},
                    {"SLURM_STEP_NUM_TASKS", "1"},
                    {"SLURM_STEP_TASKS_PER_NODE", "1"},
                    {"SLURM_NODEID", "0"}}),
       "one process"},
      {"a batch script",
       With({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "0"}, {"SLURM_JOB_NODELIST", "n[1-2]"}}),
       "one process"},
      {"salloc's shell", With(kSrun, {{"SLURM_PROCID", "0"}, {"SLURM_STEP_ID", "4294967290"}}), "one process"},
      {"srun --pty", With(kSrun, {{"SLURM_PROCID", "0"}, {"SLURM_PTY_PORT", "33123"}}), "one process"},
      {"mpirun", With(kMpirun),
       "rank 1 of 2 (local 1 of 2), rank 0 at 127.0.0.1:20229, by mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)"},
      {"mpirun in a batch script", With(kMpirun, {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}}),
       "rank 1 of 2 (local 1 of 2), rank 0 at 127.0.0.1:20229, by mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)"},
      {"mpirun over hosts",
       With(kMpirun, {{"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
                      {"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
                      {"MASTER_ADDR", "n1"},
                      {"MASTER_PORT", "9"}}),
       "rank 1 of 2 (local 0 of 1), rank 0 at n1:9, by mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)"},
      {"PMI", With({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"BATON_LEADER", "n1:9"}}),
       "rank 1 of 2, rank 0 at n1:9, by PMI (PMI_RANK, PMI_SIZE)"},
      {"Hydra",
       With({{"PMI_RANK", "1"},
             {"PMI_SIZE", "2"},
             {"MPI_LOCALRANKID", "1"},
             {"MPI_LOCALNRANKS", "2"},
             {"PMI_JOBID", "5"}}),
       "rank 1 of 2 (local 1 of 2), rank 0 at 127.0.0.1:23968, by PMI (PMI_RANK, PMI_SIZE)"},
      {"srun with PMI", With(kSrun, {{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}}),
       "rank 2 of 3 (local 0 of 1), rank 0 at n07:22739, by srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS)"},
      {"empty variables count as unset", With({{"RANK", ""}, {"WORLD_SIZE", ""}, {"SLURM_PROCID", ""}}), "one process"},
  };
  for (const Found& row : table) {
    INFO(row.what);
    const absl::StatusOr<World> world = FindWorld(row.environment);
    INFO(world.status());
    REQUIRE(world.ok());
    CHECK(DescribeWorld(*world) == row.line);
  }
}

struct Refusal {
  Environment environment;
  std::string message;
};

TEST_CASE("malformed and contradictory variables are refused by name and value") {
  const std::vector<Refusal> table = {
      {With({{"RANK", "1"}}), "WORLD_SIZE is not set; it must be a whole number from 1 to 65536"},
      {With({{"WORLD_SIZE", "2"}}), "RANK is not set; it must be a whole number from 0 to 65536"},
      {With(kTorchrun, {{"RANK", "one"}}), "RANK=one is not a whole number from 0 to 65536"},
      {With(kTorchrun, {{"RANK", "-1"}}), "RANK=-1 is not a whole number from 0 to 65536"},
      {With(kTorchrun, {{"RANK", "4"}}), "RANK=4 must be less than WORLD_SIZE=4"},
      {With(kTorchrun, {{"WORLD_SIZE", "99999999999999999999"}}),
       "WORLD_SIZE=99999999999999999999 is not a whole number from 1 to 65536"},
      {With(kTorchrun, {{"LOCAL_RANK", "2"}}), "LOCAL_RANK=2 must be less than LOCAL_WORLD_SIZE=2"},
      {With(kTorchrun, {{"LOCAL_WORLD_SIZE", "5"}}), "LOCAL_WORLD_SIZE=5 must be at most WORLD_SIZE=4"},
      {With(kTorchrun, {{"RANK", "0"}}), "LOCAL_RANK=1 must be at most RANK=0"},
      {With(kTorchrun, {{"MASTER_PORT", "65535"}}), "MASTER_PORT=65535 is not a whole number from 1 to 65534"},
      {With(kTorchrun, {{"MASTER_ADDR", "a b"}}), "MASTER_ADDR=a b is neither a host's name nor an address"},
      {With(kTorchrun, {{"MASTER_ADDR", ""}}),
       "torchrun (RANK, WORLD_SIZE) does not say where rank 0 is; set BATON_LEADER=HOST:PORT for all 4 processes, HOST "
       "being that of rank 0"},
      {With(kTorchrun, {{"TORCHELASTIC_RESTART_COUNT", "x"}}),
       "TORCHELASTIC_RESTART_COUNT=x is not a whole number from 0 to 1000000000"},
      {With(kBaton, {{"BATON_WORLD_SIZE", ""}}),
       "BATON_WORLD_SIZE is not set; it must be a whole number from 1 to 65536"},
      {With(kBaton, {{"BATON_RANK", ""}}), "BATON_RANK is not set; it must be a whole number from 0 to 65536"},
      {With(kBaton, {{"BATON_LEADER", ""}}),
       "BATON_LEADER is not set; with BATON_WORLD_SIZE=4 it must be HOST:PORT, the address of rank 0"},
      {With(kBaton, {{"BATON_LEADER", "host-a"}}),
       "BATON_LEADER=host-a is not HOST:PORT with a port from 1 to 65535; IPv6 as [ADDRESS]:PORT"},
      {With(kBaton, {{"BATON_LEADER", "host-a:0"}}),
       "BATON_LEADER=host-a:0 is not HOST:PORT with a port from 1 to 65535; IPv6 as [ADDRESS]:PORT"},
      {With(kSrun, {{"SLURM_NODEID", "2"}}), "SLURM_STEP_TASKS_PER_NODE=2,1 has 2 nodes; SLURM_NODEID is 2"},
      {With(kSrun, {{"SLURM_LOCALID", "1"}}),
       "SLURM_LOCALID=1 must be less than the tasks of node 1 in SLURM_STEP_TASKS_PER_NODE=1"},
      {With(kSrun, {{"SLURM_STEP_TASKS_PER_NODE", "2(x"}}),
       "SLURM_STEP_TASKS_PER_NODE=2(x is not a list of task counts like 2(x3),1"},
      {With(kSrun, {{"SLURM_STEP_NODELIST", "n["}}),
       "SLURM_STEP_NODELIST=n[ is not a list of hosts like node[1-4],gpu5"},
      {With(kSrun, kMpirun),
       "SLURM_PROCID=2 of SLURM_STEP_NUM_TASKS=3 contradicts OMPI_COMM_WORLD_RANK=1 of OMPI_COMM_WORLD_SIZE=2; unset "
       "SLURM_PROCID if mpirun started this process, OMPI_COMM_WORLD_RANK if srun did"},
      {With(kMpirun, {{"OMPI_COMM_WORLD_LOCAL_RANK", "0"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "1"}}),
       "mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE) does not say where rank 0 is; set BATON_LEADER=HOST:PORT "
       "for all 2 processes, HOST being that of rank 0"},
      {With({{"JOB_COMPLETION_INDEX", "2"}, {"BATON_WORLD_SIZE", "2"}}),
       "JOB_COMPLETION_INDEX=2 must be less than BATON_WORLD_SIZE=2"},
  };
  for (const Refusal& row : table) {
    INFO(row.message);
    const absl::StatusOr<World> world = FindWorld(row.environment);
    REQUIRE_FALSE(world.ok());
    CHECK(absl::IsInvalidArgument(world.status()));
    CHECK(world.status().message() == row.message);
  }
}

TEST_CASE("the first host of Slurm's lists") {
  const std::map<std::string, std::string> hosts = {{"n1", "n1"},
                                                    {"n1,m2", "n1"},
                                                    {"n[0-3]", "n0"},
                                                    {"node[007-012,31],gpu5", "node007"},
                                                    {"rack[1-2]n[5,7]-ib.site", "rack1n5-ib.site"}};
  for (const auto& [list, host] : hosts) {
    INFO(list);
    CHECK(FirstSlurmHost("LIST", list).value() == host);
  }
  for (const char* const list : {"", ",n1", "n[", "n[]", "n[a]", "n 1", "n]"}) {
    INFO(list);
    CHECK_FALSE(FirstSlurmHost("LIST", list).ok());
  }
}

TEST_CASE("the tasks of a node in Slurm's lists") {
  const std::vector<int64_t> tasks = {2, 2, 2, 1, 4};
  for (size_t node = 0; node < tasks.size(); ++node)
    CHECK(SlurmTasksOfNode("LIST", "2(x3),1,4", node).value() == tasks[node]);
  CHECK_FALSE(SlurmTasksOfNode("LIST", "2(x3),1,4", 5).ok());
  for (const char* const list : {"", "0", "x", "2(x0)", "2(3)", "2(x3", "2,,1"}) {
    INFO(list);
    CHECK_FALSE(SlurmTasksOfNode("LIST", list, 1).ok());
  }
}

}  // namespace
}  // namespace baton
