// One function a launcher; each is called only if its variables are there.
#include "runtime/process/world.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/process/slurm_lists.h"

namespace baton {
namespace {

constexpr int64_t kMostRestarts = 1'000'000'000;
// Ports that are derived from a job's identifier lie below Linux's range of ephemeral ports.
constexpr int kFirstDerivedPort = 20'000;
constexpr int kNumDerivedPorts = 10'000;

// Names of the variables of a launcher; null for those that it lacks.
struct Names {
  const char* launcher;
  const char* rank;
  const char* size;
  const char* local_rank = nullptr;
  const char* local_size = nullptr;
  const char* generation = nullptr;
};

// The same port in all processes of a job, probably another in another job of the host.
int PortOf(const std::string& job) {
  uint32_t hash = 2'166'136'261;  // FNV-1a
  for (const unsigned char c : job) hash = (hash ^ c) * 16'777'619;
  return kFirstDerivedPort + static_cast<int>(hash % kNumDerivedPorts);
}

absl::Status Contradiction(const std::string& first, int64_t first_value, const std::string& why,
                           const std::string& second, int64_t second_value) {
  return absl::InvalidArgumentError(absl::StrCat(first, "=", first_value, why, second, "=", second_value));
}

// Everything but the leader's address.
absl::StatusOr<World> ReadNumbers(const Environment& environment, const Names& names) {
  World world;
  BATON_ASSIGN_OR_RETURN(world.size, environment.Number(names.size, 1, kMostProcesses));
  BATON_ASSIGN_OR_RETURN(world.rank, environment.Number(names.rank, 0, kMostProcesses));
  if (world.rank >= world.size) {
    return Contradiction(names.rank, world.rank, " must be less than ", names.size, world.size);
  }
  world.local_size = 0;
  if (names.local_size != nullptr) {
    BATON_ASSIGN_OR_RETURN(world.local_size, environment.NumberOr(names.local_size, 1, kMostProcesses, 0));
    if (world.local_size > world.size) {
      return Contradiction(names.local_size, world.local_size, " must be at most ", names.size, world.size);
    }
  }
  if (names.local_rank != nullptr) {
    BATON_ASSIGN_OR_RETURN(world.local_rank, environment.NumberOr(names.local_rank, 0, kMostProcesses, 0));
    if (world.local_size > 0 && world.local_rank >= world.local_size) {
      return Contradiction(names.local_rank, world.local_rank, " must be less than ", names.local_size,
                           world.local_size);
    }
    if (world.local_rank > world.rank) {
      return Contradiction(names.local_rank, world.local_rank, " must be at most ", names.rank, world.rank);
    }
  }
  if (world.size == 1) world.local_size = 1;
  if (names.generation != nullptr) {
    BATON_ASSIGN_OR_RETURN(world.generation, environment.NumberOr(names.generation, 0, kMostRestarts, 0));
  }
  world.source = absl::StrCat(names.launcher, " (", names.rank, ", ", names.size, ")");
  return world;
}

// Replaces what is known of rank 0's address by BATON_LEADER, or by MASTER_ADDR and MASTER_PORT. `port_offset` is added
// to MASTER_PORT. Fails if the address is still unknown.
absl::StatusOr<World> WithLeader(World world, const Environment& environment, int port_offset = 0) {
  if (world.size == 1) {
    world.leader = {};
    return world;
  }
  if (const auto leader = environment.Get("BATON_LEADER"); leader.has_value()) {
    BATON_ASSIGN_OR_RETURN(world.leader, ParseHostPort("BATON_LEADER", *leader));
    return world;
  }
  if (const auto host = environment.Get("MASTER_ADDR"); host.has_value()) {
    // Checks the characters.
    const std::string with_port = absl::StrCat(host->find(':') == std::string::npos ? *host : "[" + *host + "]", ":1");
    if (!ParseHostPort("", with_port).ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("MASTER_ADDR=", *host, " is neither a host's name nor an address"));
    }
    world.leader.host = *host;
  }
  if (environment.Has("MASTER_PORT")) {
    BATON_ASSIGN_OR_RETURN(const int64_t port, environment.Number("MASTER_PORT", 1, 65'535 - port_offset));
    world.leader.port = static_cast<int>(port) + port_offset;
  }
  if (world.leader.host.empty() || world.leader.port == 0) {
    return absl::InvalidArgumentError(absl::StrCat(world.source,
                                                   " does not say where rank 0 is; set BATON_LEADER=HOST:PORT for all ",
                                                   world.size, " processes, HOST being that of rank 0"));
  }
  return world;
}

absl::StatusOr<World> OfBaton(const Environment& environment) {
  BATON_ASSIGN_OR_RETURN(World world,
                         ReadNumbers(environment, {"baton launch", "BATON_RANK", "BATON_WORLD_SIZE", "BATON_LOCAL_RANK",
                                                   "BATON_LOCAL_SIZE", "BATON_GENERATION"}));
  if (world.size > 1 && !environment.Has("BATON_LEADER")) {
    return absl::InvalidArgumentError(absl::StrCat("BATON_LEADER is not set; with BATON_WORLD_SIZE=", world.size,
                                                   " it must be HOST:PORT, the address of rank 0"));
  }
  return WithLeader(std::move(world), environment);
}

absl::StatusOr<World> OfJobSet(const Environment& environment) {
  BATON_ASSIGN_OR_RETURN(World world, ReadNumbers(environment, {"JobSet", "JOB_COMPLETION_INDEX", "BATON_WORLD_SIZE",
                                                                nullptr, nullptr, "BATON_GENERATION"}));
  world.local_size = 1;  // one process a pod
  return WithLeader(std::move(world), environment);
}

absl::StatusOr<World> OfTorch(const Environment& environment) {
  // torchrun's agent listens on MASTER_PORT itself.
  const bool agent = environment.FirstSet({"TORCHELASTIC_RUN_ID", "TORCHELASTIC_USE_AGENT_STORE"}).has_value();
  const bool one_a_pod = !agent && !environment.Has("LOCAL_RANK");
  BATON_ASSIGN_OR_RETURN(
      World world, ReadNumbers(environment, {one_a_pod ? "PyTorchJob" : "torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK",
                                             "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT"}));
  if (one_a_pod) world.local_size = 1;
  return WithLeader(std::move(world), environment, agent ? 1 : 0);
}

// Slurm numbers its own steps from here: the batch script, and the shell of salloc.
constexpr int64_t kFirstSpecialStep = 4'294'967'290;

// True if srun started this process as one of several. The processes of a batch script and of an interactive shell
// inherit variables of the allocation, and have SLURM_PROCID=0.
bool InSlurmStep(const Environment& environment) {
  if (!environment.Has("SLURM_PROCID")) return false;
  if (environment.Get("SLURM_PROCID") != "0") return true;
  if (environment.Has("SLURM_PTY_PORT")) return false;
  const absl::StatusOr<int64_t> step = environment.Number("SLURM_STEP_ID", 0, kFirstSpecialStep - 1);
  if (environment.Has("SLURM_STEP_ID")) return step.ok();
  return environment.FirstSet({"SLURM_STEP_NODELIST", "SLURM_STEP_NUM_TASKS"}).has_value();
}

const char* SlurmSize(const Environment& environment) {
  return environment.Has("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
}

absl::Status CheckAgainstOpenMpi(const World& slurm, const Environment& environment) {
  if (!environment.Has("OMPI_COMM_WORLD_RANK")) return absl::OkStatus();
  if (environment.Get("OMPI_COMM_WORLD_RANK") == absl::StrCat(slurm.rank) &&
      environment.Get("OMPI_COMM_WORLD_SIZE") == absl::StrCat(slurm.size)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("SLURM_PROCID=", slurm.rank, " of ", SlurmSize(environment), "=", slurm.size,
                   " contradicts OMPI_COMM_WORLD_RANK=", environment.Get("OMPI_COMM_WORLD_RANK").value_or(""),
                   " of OMPI_COMM_WORLD_SIZE=", environment.Get("OMPI_COMM_WORLD_SIZE").value_or(""),
                   "; unset SLURM_PROCID if mpirun started this process, OMPI_COMM_WORLD_RANK if srun did"));
}

absl::StatusOr<World> OfSlurm(const Environment& environment) {
  BATON_ASSIGN_OR_RETURN(World world, ReadNumbers(environment, {"srun", "SLURM_PROCID", SlurmSize(environment),
                                                                "SLURM_LOCALID", nullptr, "SLURM_RESTART_COUNT"}));
  BATON_RETURN_IF_ERROR(CheckAgainstOpenMpi(world, environment));
  if (const auto tasks = environment.Get("SLURM_STEP_TASKS_PER_NODE"); tasks.has_value()) {
    BATON_ASSIGN_OR_RETURN(const int64_t node, environment.Number("SLURM_NODEID", 0, kMostProcesses));
    BATON_ASSIGN_OR_RETURN(world.local_size, SlurmTasksOfNode("SLURM_STEP_TASKS_PER_NODE", *tasks, node));
    if (world.local_rank >= world.local_size) {
      return Contradiction("SLURM_LOCALID", world.local_rank, " must be less than the tasks of node ",
                           absl::StrCat(node, " in SLURM_STEP_TASKS_PER_NODE"), world.local_size);
    }
  }
  // SLURM_LAUNCH_NODE_IPADDR is where srun runs, and SLURM_JOB_NODELIST may begin with a node that the step lacks.
  if (const auto nodes = environment.Get("SLURM_STEP_NODELIST"); nodes.has_value()) {
    BATON_ASSIGN_OR_RETURN(world.leader.host, FirstSlurmHost("SLURM_STEP_NODELIST", *nodes));
  }
  world.leader.port = PortOf(
      absl::StrCat(environment.Get("SLURM_JOB_ID").value_or(""), ".", environment.Get("SLURM_STEP_ID").value_or("")));
  return WithLeader(std::move(world), environment);
}

// Open MPI and PMI: the address is known only if all processes are on this host, and a job has a name of its own.
absl::StatusOr<World> WithLocalLeader(World world, const Environment& environment, const char* job) {
  if (world.local_size == world.size) world.leader.host = "127.0.0.1";
  if (const auto name = environment.Get(job); name.has_value()) world.leader.port = PortOf(*name);
  return WithLeader(std::move(world), environment);
}

absl::StatusOr<World> OfOpenMpi(const Environment& environment) {
  BATON_ASSIGN_OR_RETURN(World world,
                         ReadNumbers(environment, {"mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                                                   "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"}));
  return WithLocalLeader(std::move(world), environment, "PMIX_NAMESPACE");
}

absl::StatusOr<World> OfPmi(const Environment& environment) {
  BATON_ASSIGN_OR_RETURN(
      World world, ReadNumbers(environment, {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"}));
  return WithLocalLeader(std::move(world), environment, "PMI_JOBID");
}

}  // namespace

absl::StatusOr<World> FindWorld(const Environment& environment) {
  if (environment.Has("BATON_RANK")) return OfBaton(environment);
  // Every pod of an indexed Kubernetes job has JOB_COMPLETION_INDEX; the size makes it a world.
  if (environment.Has("BATON_WORLD_SIZE")) {
    return environment.Has("JOB_COMPLETION_INDEX") ? OfJobSet(environment) : OfBaton(environment);
  }
  if (environment.FirstSet({"RANK", "WORLD_SIZE"}).has_value()) return OfTorch(environment);
  if (InSlurmStep(environment)) {
    absl::StatusOr<World> world = OfSlurm(environment);
    // A step of one task may run mpirun.
    if (!world.ok() || world->size > 1 || !environment.Has("OMPI_COMM_WORLD_RANK")) return world;
  }
  if (environment.Has("OMPI_COMM_WORLD_RANK")) return OfOpenMpi(environment);
  if (environment.Has("PMI_RANK")) return OfPmi(environment);
  return World();
}

std::string DescribeWorld(const World& world) {
  if (world.size == 1) return "one process";
  const std::string local =
      world.local_size == 0 ? "" : absl::StrCat(" (local ", world.local_rank, " of ", world.local_size, ")");
  const std::string generation = world.generation == 0 ? "" : absl::StrCat(", generation ", world.generation);
  return absl::StrCat("rank ", world.rank, " of ", world.size, local, ", rank 0 at ", FormatHostPort(world.leader),
                      generation, ", by ", world.source);
}

}  // namespace baton
