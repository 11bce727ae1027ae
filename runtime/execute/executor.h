// The executor runs programs on devices: one worker thread a device, woken for each step. Used by train and rehearse.
// Where the devices of a program are in several processes, each process has an executor of the whole program and runs
// the part of its own devices.
//
//   auto executor = Executor::Create(training_program, options).value();
//   const ProgramHandle evaluation = executor->AddProgram(evaluation_program).value();
//   for (...) executor->RunStep(&trace);           // the training program
//   executor->RunStep(evaluation, nullptr);        // the evaluation program, on the same devices
//
//   launching thread   Create ──── RunStep ─────────────┐ returns ── RunStep …        destructor
//   worker 0           set up      instructions, drain ─┤                             joined
//   worker 1           set up      instructions, drain ─┘                             joined
#ifndef BATON_RUNTIME_EXECUTE_EXECUTOR_H_
#define BATON_RUNTIME_EXECUTE_EXECUTOR_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/units.h"
#include "runtime/device/device.h"
#include "runtime/execute/first_error.h"
#include "runtime/execute/lanes.h"
#include "runtime/execute/loaded_program.h"
#include "runtime/execute/stage_module.h"
#include "runtime/transport/member_turns.h"
#include "runtime/transport/transport.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

class Executor;

// Everything that is pointed to is borrowed and must outlive the executor.
struct ExecutorOptions {
  std::vector<Device*> devices;       // [device]; devices[n]->index() is n; null: in another process
  std::vector<StageModule*> modules;  // one for each entry of ChunkPlacement::replicas(); null where the device is
  Transport* transport = nullptr;
  // A step fails if no device completes an instruction for this long; from 1 ms to a year.
  int64_t watchdog_timeout_ms = 60'000;
  // Called with each first error of this process, on the thread where it happens, so that other processes can be told.
  // Not called for the errors that Cancel brings. Null: nobody is told.
  std::function<void(const absl::Status&)> on_error = nullptr;
  // Executors of the same program on other devices, without followers: AddProgram, RunStep and RecordStep of this one
  // are theirs too. Whoever hears of an error of one must cancel all, since the modules of one may wait for those of
  // another.
  std::vector<Executor*> followers = {};
  // With followers: the turns in which steps are recorded. Modules that wait for those of another executor give theirs
  // away meanwhile. Null: such steps cannot be recorded.
  MemberTurns* turns = nullptr;
};

// How far an executor is, for a heartbeat.
struct ExecutorProgress {
  int64_t num_steps = 0;         // ended since Create
  int64_t num_instructions = 0;  // done in the running step, on the devices of this process
};

// A program of one executor. The default is the program given to Create.
struct ProgramHandle {
  int index = 0;
};

// A step of one program, recorded by Executor::RecordStep. Must be destroyed before the devices.
struct RecordedStep {
  ProgramHandle program;
  bool timed = false;  // a run of it can be traced
  std::unique_ptr<StepGraph> graph;
};

// Thread contract: one launching thread makes, uses and destroys it.
// Ownership: owns threads, streams, channels, sums and events; borrows devices, modules and transport.
// Lifecycle: Create; AddProgram any number of times; then steps of any of the programs, one at a time. After Create the
// arena of the first program exists, so that parameters can be bound and filled by StateOf before the first step.
class Executor {
 public:
  // Starts the workers and adds `program`. The validator is expected to have proven the program; Create checks only
  // what could make the executor itself misbehave. Errors: InvalidArgument for options that do not fit the program;
  // Internal for a malformed program; those of the devices and the transport. On an error no thread is left behind.
  static absl::StatusOr<std::unique_ptr<Executor>> Create(std::shared_ptr<const Program> program,
                                                          ExecutorOptions options);
  ~Executor();  // joins all workers
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Adds a program that runs on the same devices, streams, channels and modules, between steps. Parameters, gradients
  // and optimizer state are those of the first program: `program` must place the same chunks on the same devices,
  // whatever micro-batches use them, and ask for no permanent memory. Its slots and workspace get an arena of their own
  // on each device. `shares_slots`: they lie in those of the first program instead, on devices where there is room,
  // since only one program runs at a time. Errors: as Create; InvalidArgument also for permanent memory or another
  // placement. After an error the earlier programs still run; arenas that devices already made stay theirs.
  absl::StatusOr<ProgramHandle> AddProgram(std::shared_ptr<const Program> program, bool shares_slots = false);

  // Runs the program once and returns when every worker is back. Fills `trace` (null: no trace) if OK; devices of other
  // processes get no intervals. Does not allocate if the trace has its size already.
  // Errors: the first error of any worker, with "device D, instruction I (its description): " before its message;
  // DeadlineExceeded by the watchdog, which says where each worker stands; InvalidArgument for an unknown program. An
  // error cancels the other workers: blocked ones wake at once, but a module call that runs on the host is waited for.
  // Arena contents are then unspecified, and every step of every program returns the same error until Reset.
  // `meanwhile` (may be null) runs on the calling thread while the workers do.
  absl::Status RunStep(ProgramHandle program, Trace* trace, const std::function<void()>& meanwhile = nullptr);
  // The same for the first program.
  absl::Status RunStep(Trace* trace, const std::function<void()>& meanwhile = nullptr) {
    return RunStep(ProgramHandle{}, trace, meanwhile);
  }

  // Runs the program's AllGathers of parameters alone and returns when every worker is back, so that all replicas have
  // whole parameters between two steps. In all processes alike. Errors: as RunStep.
  absl::Status RunGathers(ProgramHandle program = {});

  // Records a step as one graph; runs nothing. The calling thread walks the workers and takes next, among the
  // instructions that can go on, the one that `order` (a simulated trace) starts first. `timed`: runs of it can be
  // traced. Call RunStep once first: instructions allocate lazily, which stream capture forbids.
  // Transfers to devices of other processes become part of it; those processes may record theirs or not. So do the
  // steps of followers, each of which a thread of its own walks, one at a time. Errors: Unimplemented where devices
  // have no graphs, or without turns for followers; Internal if `order` is of another program; the first error of any
  // worker, which ends the step in all processes of the run, and with followers needs a Reset.
  absl::StatusOr<std::unique_ptr<RecordedStep>> RecordStep(ProgramHandle program, const Trace& order, bool timed);
  // Runs a recorded step: as RunStep, but `trace` must be null unless it was recorded timed. Errors: as RunStep, but no
  // instruction is named.
  absl::Status RunRecorded(RecordedStep& step, Trace* trace, const std::function<void()>& meanwhile = nullptr);

  // Ends the running step with `status` (not OK), as an error of a worker does; between steps, the next one fails with
  // it. For errors of other processes: on_error is not called. Any thread.
  void Cancel(const absl::Status& status) { first_error_.Keep(status); }
  // Any thread.
  ExecutorProgress Progress() const;
  // When the last step began, by the steady clock: the zero of its trace. The launching thread.
  Nanos step_start() const { return step_start_; }
  // Where each worker of the running step stands, as in the message of the watchdog, or that the device runs a recorded
  // step; empty between steps. Any thread.
  std::vector<std::string> DescribePositions() const;

  // Clears the error and any unmatched transfers. Arena contents are unspecified afterwards. A transport between
  // processes may be unable to withdraw transfers; later steps then fail, and executor and transport must be made anew.
  void Reset();

  // The permanent memory of an entry of ChunkPlacement::replicas(); null pointers if its device has no
  // memory for it, or is in another process.
  ChunkState StateOf(int replica_index) const;
  // The end of the highest byte of the program's arena on `device` that chunk state and instructions used so far.
  // After a step it is DeviceProgram::arena_bytes if the program asks for no more than it uses. 0 for a device of
  // another process.
  Bytes PeakArenaBytes(int device, ProgramHandle program = {}) const;

 private:
  enum class Work : int8_t { kSetUp, kStep, kGathers };
  // The workers' next task: to set up a program, to run a step of it, or its AllGathers.
  struct Task {
    LoadedProgram* program = nullptr;
    Work work = Work::kStep;
    Nanos step_start = 0;
    Trace* trace = nullptr;
  };

  explicit Executor(ExecutorOptions options);

  absl::Status StartThreads();
  void WorkerMain(int device);
  void Perform(const Task& task, int device);
  // Adds it to this executor alone.
  absl::StatusOr<ProgramHandle> AddOwnProgram(std::shared_ptr<const Program> program, bool shares_slots);
  // Runs `work` here and on the followers.
  absl::Status RunEverywhere(ProgramHandle program, Work work, Trace* trace, const std::function<void()>& meanwhile);
  // The two halves of it, here. If BeginStep fails, nothing runs.
  absl::Status BeginStep(ProgramHandle program, Work work, Trace* trace);
  absl::Status FinishStep(ProgramHandle program);
  // Hands `task` to all workers.
  void Begin(const Task& task);
  // Blocks until all workers are done with their task; `watchdog` (may be null) watches over them.
  void AwaitWorkers(Watchdog* watchdog);
  // Errors: InvalidArgument if `program` is not one of this executor's.
  absl::StatusOr<LoadedProgram*> Find(ProgramHandle program) const;
  // Errors: InvalidArgument if `program` does not fit the first one; OK for the first one.
  absl::Status CheckSharing(const Program& program) const;
  void FailByTransport(const absl::Status& status);
  void ClearTransfers();
  // Makes room in `trace` (null: none) and sets the devices' clocks.
  absl::Status PrepareTrace(const Program& program, Trace* trace);
  // Launches the graph and blocks until it is done. Errors: also those of Cancel.
  // Walks the workers of this executor's devices. Errors: those of the workers.
  absl::Status Walk(ProgramHandle program, const Trace& order);
  // The same for this executor and its followers, each on a thread of its own.
  absl::Status WalkTogether(ProgramHandle program, const Trace& order);
  // Appends the devices of this process. Errors: Internal if `order` is of another program.
  absl::Status CheckRecordable(ProgramHandle program, const Trace& order, std::vector<Device*>& own) const;
  absl::Status RunGraph(StepGraph& graph, const std::function<void()>& meanwhile);
  absl::Status AwaitGraph(StepGraph& graph);
  void SetRunsRecorded(bool runs);

  const ExecutorOptions options_;
  FirstError first_error_;
  std::vector<std::unique_ptr<DeviceLanes>> lanes_;  // [device]; null: in another process
  std::vector<DeviceLanes*> lane_pointers_;
  ChannelTable channels_;
  std::vector<std::unique_ptr<LoadedProgram>> programs_;  // [ProgramHandle::index]
  std::vector<std::thread> threads_;                      // one for each device of this process
  Nanos step_start_ = 0;

  mutable Mutex mutex_;
  CondVar task_begins_;
  CondVar task_ends_;
  int64_t num_tasks_ ABSL_GUARDED_BY(mutex_) = 0;  // changes when a task begins
  Task task_ ABSL_GUARDED_BY(mutex_);
  int num_running_ ABSL_GUARDED_BY(mutex_) = 0;  // workers that are not done with the task
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t num_steps_ ABSL_GUARDED_BY(mutex_) = 0;       // ended
  bool runs_recorded_ ABSL_GUARDED_BY(mutex_) = false;  // a recorded step runs
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_EXECUTOR_H_
