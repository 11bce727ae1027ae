// The control plane of a run over several processes: rendezvous, small data, heartbeats, the first failure, and a
// common end. Each process has one stream to rank 0, which serves them all. Used by runtime/train once it runs over
// processes.
//
//     ControlOptions options = ControlOptionsOf(Environment::OfProcess()).value();
//     options.on_failure = [&](const absl::Status& status) { executor.Cancel(status); };
//     BATON_ASSIGN_OR_RETURN(auto control, Control::Create(world, HelloOf(world, version), options));
//     BATON_ASSIGN_OR_RETURN(std::string job, control->Broadcast(world.rank == 0 ? job_bytes : ""));
//     BATON_ASSIGN_OR_RETURN(auto addresses, control->Exchange(my_data_address));
//     for (int64_t step = 0; step < steps; ++step) {
//       BATON_ASSIGN_OR_RETURN(const bool begin, control->BeginStep(step));
//       if (!begin) break;   // all processes stop before this step
//       …
//     }
//     BATON_RETURN_IF_ERROR(control->Leave());
//
// The order of a start: hello → welcome (Create) → job and program (Broadcast) → data addresses (Exchange) → Barrier.
// After a failure anywhere every call in every process returns the same error, Cancelled, that names the process which
// failed first.
#ifndef BATON_RUNTIME_PROCESS_CONTROL_H_
#define BATON_RUNTIME_PROCESS_CONTROL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/control.pb.h"
#include "runtime/process/environment.h"
#include "runtime/process/world.h"
#include "runtime/transport/store.h"

namespace baton {

struct ControlOptions {
  // From Create until all processes have joined.
  absl::Duration join_timeout = absl::Seconds(60);
  // A process that says nothing for so long has failed; heartbeats come five times as often.
  absl::Duration silence = absl::Seconds(5);
  // The secret that all processes share; needed unless rank 0 listens on a loopback address.
  std::string token;
  // Bytes of collective operations that may wait at rank 0.
  int64_t most_bytes = int64_t{1} << 30;
  // As Control::SetOnFailure, from the start.
  std::function<void(const absl::Status&)> on_failure;
};

// Token and timeouts by BATON_TOKEN or the file BATON_TOKEN_FILE, BATON_TIMEOUT and BATON_HEARTBEAT. Errors:
// InvalidArgument, naming the variable.
absl::StatusOr<ControlOptions> ControlOptionsOf(const Environment& environment);

// A hello with everything that the process knows itself: host, pid, the hash of its program as build, instruction sets.
// The caller adds devices, threads and the job's hash.
proto::Hello HelloOf(const World& world, const std::string& version);

// Thread contract: BeginStep and collective operations of one channel from one thread at a time, all else from any
// thread. All processes call the operations of a channel in the same order. Owns a thread, and in rank 0 the server.
// A Store as well: any process sets and gets keys, until it leaves.
class Control : public Store {
 public:
  // Joins the run: returns when all processes have. `world.size` must be at least 2. Errors: InvalidArgument (address
  // or token), Unavailable (port in use), DeadlineExceeded (rank 0 cannot be resolved or reached in time), Cancelled
  // (another version, build, rank, …; a process is missing; with a mark if rank 0 says so: agreed.h).
  static absl::StatusOr<std::unique_ptr<Control>> Create(const World& world, const proto::Hello& hello,
                                                         const ControlOptions& options);
  // Without Leave this process counts as failed.
  ~Control() override = default;

  virtual int rank() const = 0;
  int size() const { return static_cast<int>(members().size()); }
  // The hellos of all processes, by rank.
  virtual const std::vector<proto::Hello>& members() const = 0;
  // The numeric address at which this process reaches rank 0, and at which others can reach it.
  virtual const std::string& address() const = 0;

  // Returns when all processes have called it.
  virtual absl::Status Barrier(int channel = 0) = 0;
  // Rank 0's bytes, in every process. In rank 0 it does not wait for the others.
  virtual absl::StatusOr<std::string> Broadcast(const std::string& bytes, int channel = 0) = 0;
  // Every process's bytes, by rank, in rank 0; empty in the others, which do not wait.
  virtual absl::StatusOr<std::vector<std::string>> Gather(const std::string& bytes, int channel = 0) = 0;
  // Every process's bytes, by rank, in every process.
  virtual absl::StatusOr<std::vector<std::string>> Exchange(const std::string& bytes, int channel = 0) = 0;

  // Reports a failure of this process; returns at once. `suspect`: a peer whose end may be the cause, as for a broken
  // connection to it; -1: none. The failure comes back by on_failure once the leader has decided which was first.
  virtual void Abort(const absl::Status& status, int suspect = -1) = 0;
  // `on_failure` is called once, from the control thread, when this process learns of the first failure; at once if it
  // knows one already. It must not call Control. A handler that was set before is not called any more, nor is it
  // running. Null: nobody.
  virtual void SetOnFailure(std::function<void(const absl::Status&)> on_failure) = 0;
  // The rank of the process that failed first; -1 while none has.
  virtual int failed_rank() const = 0;
  // The first failure as Cancelled; OK while there is none.
  virtual absl::Status status() const = 0;
  // True if rank 0 knows the failure and so reports it: the others can end in silence.
  virtual bool LeaderReports() const = 0;

  // Asks all processes to stop before a step that none of them has begun.
  virtual void RequestStop() = 0;
  // True if `step` may begin; false if all processes stop before it. Waits only while the processes agree on a step.
  virtual absl::StatusOr<bool> BeginStep(int64_t step) = 0;

  // For heartbeats: instructions that this process's workers have completed, and where they stand if none completes.
  virtual void ReportProgress(int64_t instructions, std::vector<std::string> positions) = 0;
  // Rank 0: the last heartbeat of a process, with its progress and the offset of its clock.
  virtual proto::Heartbeat HeartbeatOf(int rank) const = 0;
  // Rank 0's steady clock minus this process's, known to ± half of the round trip.
  virtual int64_t clock_offset_ns() const = 0;
  virtual int64_t clock_round_trip_ns() const = 0;

  // Ends this process's part without failure. In rank 0 it returns when all processes have left.
  virtual absl::Status Leave() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_CONTROL_H_
