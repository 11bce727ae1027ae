// Which of the processes of a run this one is, and where rank 0 listens. Used by `baton train` and by control.h.
//
//     BATON_ASSIGN_OR_RETURN(const World world, FindWorld(Environment::OfProcess()));
//     if (world.size > 1) log(DescribeWorld(world));
//
// A launcher says it by environment variables. The first of these that is there decides:
//
//   launcher      rank, size                                    address of rank 0
//   baton launch  BATON_RANK, BATON_WORLD_SIZE                  BATON_LEADER
//   JobSet        JOB_COMPLETION_INDEX, BATON_WORLD_SIZE        BATON_LEADER
//   torchrun      RANK, WORLD_SIZE, LOCAL_RANK                  MASTER_ADDR, MASTER_PORT + 1
//   PyTorchJob    RANK, WORLD_SIZE                              MASTER_ADDR, MASTER_PORT
//   srun          SLURM_PROCID, SLURM_STEP_NUM_TASKS            the first host of SLURM_STEP_NODELIST
//   mpirun        OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE    this host if all processes are here
//   PMI           PMI_RANK, PMI_SIZE                            this host if all processes are here
//
// BATON_LEADER=HOST:PORT overrides the address under every launcher; srun, mpirun and PMI also accept MASTER_ADDR and
// MASTER_PORT. docs/distributed.md has the details.
#ifndef BATON_RUNTIME_PROCESS_WORLD_H_
#define BATON_RUNTIME_PROCESS_WORLD_H_

#include <string>

#include "absl/status/statusor.h"
#include "runtime/process/environment.h"
#include "runtime/process/host_port.h"

namespace baton {

// More processes than this are refused as a mistake.
inline constexpr int kMostProcesses = 65'536;

struct World {
  int rank = 0;  // 0 to size - 1; rank 0 leads
  int size = 1;  // processes
  int local_rank = 0;
  // Processes on this host; 0 if the launcher does not say it.
  int local_size = 1;
  // Where rank 0 listens for control. Unset if size is 1.
  HostPort leader;
  // Restarts so far. Connections of an earlier generation are refused.
  int generation = 0;
  // The launcher and its variables, as `torchrun (RANK, WORLD_SIZE)`; empty for a process that is alone.
  std::string source;
};

// The world of this process by the first launcher in the table above. Without a launcher, size is 1. A Slurm allocation
// alone (a batch script, salloc, srun --pty) is no launcher. Errors: InvalidArgument, naming the variable and its
// value, for numbers that are malformed, missing or out of range, and for Slurm and Open MPI variables that disagree.
absl::StatusOr<World> FindWorld(const Environment& environment);

// One line, as `rank 2 of 4 (local 0 of 2), rank 0 at node-1:29500, by torchrun (RANK, WORLD_SIZE)`.
std::string DescribeWorld(const World& world);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_WORLD_H_
