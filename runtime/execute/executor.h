// The executor runs a program: a worker thread for each device, woken for each step. Used by train and rehearse.
//
//   launching thread   Create ── RunStep ───────────────┐ returns ── RunStep …        destructor
//   worker 0           Setup     stream, then drain ────┤                             joined
//   worker 1           Setup     stream, then drain ────┘                             joined
#ifndef BATON_RUNTIME_EXECUTE_EXECUTOR_H_
#define BATON_RUNTIME_EXECUTE_EXECUTOR_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/device/device.h"
#include "runtime/execute/first_error.h"
#include "runtime/execute/stage_module.h"
#include "runtime/execute/watchdog.h"
#include "runtime/execute/worker.h"
#include "runtime/transport/transport.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Everything that is pointed to is borrowed and must outlive the executor.
struct ExecutorOptions {
  std::vector<Device*> devices;  // [device]; the n-th one's index() is n
  // [copy × num_chunks + chunk], as Program::device_of_chunk. Of copies that are one the first's is used; all are set.
  std::vector<StageModule*> modules;
  Transport* transport = nullptr;
  // A step fails if no instruction of any device is done for this long.
  int64_t watchdog_timeout_ms = 60'000;
};

// Thread contract: one launching thread makes, uses and destroys it. Lifecycle: after Create the arenas stand and
// StateOf is valid, so that parameters can be bound and filled before the first RunStep.
class Executor {
 public:
  // Makes channels, starts the workers and waits until each has its arena. `program` is expected to be proven by the
  // validator; here only what could make the executor itself misbehave is looked at.
  // Errors: InvalidArgument for options that do not fit the program; Internal for a malformed program; those of
  // devices and transport. No thread is left behind.
  static absl::StatusOr<std::unique_ptr<Executor>> Create(std::shared_ptr<const Program> program,
                                                          ExecutorOptions options);
  ~Executor();  // joins all workers
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs the program once and returns when every worker is back. Fills `trace` (null: none wanted) if OK; given the
  // same trace again, allocates nothing.
  // Errors: the first error of any worker, with "device D, instruction I (what it is): " before its message;
  // DeadlineExceeded by the watchdog, saying where each worker stands. All other workers are cancelled: blocked ones
  // wake at once, but a module call that runs on the host is waited for. The arenas are then in the midst of a step:
  // RunStep returns the same error again until Reset.
  // `meanwhile` (may be null) runs on the calling thread while the workers do.
  absl::Status RunStep(Trace* trace, const std::function<void()>& meanwhile = nullptr);

  // Records a step as one graph, through the code that RunStep uses: the calling thread walks the workers, taking next
  // whichever instruction `order`, a simulated trace, starts first among those that can go on. Nothing runs. `timed`: a
  // run of it can be traced. What instructions create at their first run must stand, so RunStep once before.
  // Errors: Unimplemented where devices have no graphs; the first error of any worker.
  absl::StatusOr<std::unique_ptr<StepGraph>> RecordStep(const Trace& order, bool timed);
  // As RunStep, but the recorded one; `trace` must be null unless it was recorded timed. Same errors.
  absl::Status RunRecorded(StepGraph& graph, Trace* trace, const std::function<void()>& meanwhile = nullptr);

  // Forgets an error and what the failed step left in channels. The caller sees to the arenas' contents.
  void Reset();

  // The permanent memory of a copy of a chunk, 0 ≤ place < device_of_chunk.size(); null pointers for one that no device
  // has memory for.
  ChunkState StateOf(int place) const;
  // How much of a device's arena was handed out so far to chunk state and to instructions that ran: the end of the
  // highest byte. After a step it is DeviceProgram::arena_bytes if the program asks for no more than it uses.
  Bytes PeakArenaBytes(int device) const;

 private:
  Executor(std::shared_ptr<const Program> program, ExecutorOptions options);

  absl::Status Connect();
  absl::Status StartWorkers();
  void WorkerMain(Worker& worker, int device);
  // Makes room in `trace` (null: none) and sets the devices' clocks.
  absl::Status PrepareTrace(Trace* trace);
  absl::Status AwaitGraph(StepGraph& graph);
  // Blocks until all workers are back, with the watchdog on guard.
  void AwaitWorkers(std::unique_lock<std::mutex>& lock);

  const std::shared_ptr<const Program> program_;
  const ExecutorOptions options_;
  FirstError first_error_;
  std::vector<std::unique_ptr<Channel>> channels_;        // [from · num_devices + to]; null where nothing is carried
  std::vector<std::unique_ptr<Collective>> collectives_;  // [group]
  std::vector<std::unique_ptr<Worker>> workers_;          // [device]
  std::unique_ptr<Watchdog> watchdog_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable step_begins_;
  std::condition_variable step_ends_;
  // Guarded by mutex_.
  int64_t step_ = 0;     // changes when a step begins
  int num_running_ = 0;  // workers that are not back yet
  bool stop_ = false;
  Nanos step_start_ = 0;
  Trace* trace_ = nullptr;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_EXECUTOR_H_
