// A worker runs one program's instructions for one device: for each instruction it waits, runs or posts, and records.
// Used by Executor, which runs the workers of a device on one thread.
//
//   compute     wait for its waits, begun ─ module call ─ done        on the compute stream
//   transfer    wait for its waits, begun ─ post on the channel       on the lane's stream; the channel completes done
//   collective  wait for its waits, begun ─ arrive                    on the group's stream; the last one to arrive
//                                                                     completes done
//
// The worker's thread takes one instruction after the other; Executor::RecordStep walks the workers of all devices by
// turns.
//
// Setup makes everything that a step needs. Running an instruction allocates nothing, looks up nothing by name, and
// takes no lock except inside channels and collectives.
//
// Files: worker_setup.cc, worker.cc (the issue loop), worker_operations.cc (each kind of instruction),
// worker_report.cc (trace and progress).
#ifndef BATON_RUNTIME_EXECUTE_WORKER_H_
#define BATON_RUNTIME_EXECUTE_WORKER_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/units.h"
#include "runtime/device/device.h"
#include "runtime/execute/first_error.h"
#include "runtime/execute/issue_order.h"
#include "runtime/execute/lanes.h"
#include "runtime/execute/stage_module.h"
#include "runtime/transport/channel.h"
#include "runtime/transport/collective.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Everything is borrowed and must outlive the worker.
struct WorkerEnvironment {
  const Program* program = nullptr;        // must have passed CheckExecutable
  Device* device = nullptr;                // runs Program::devices[device->index()]
  DeviceLanes* lanes = nullptr;            // the device's streams
  std::vector<StageModule*> modules;       // [chunk]; null if the chunk is not on this device
  std::vector<Channel*> send_channels;     // [peer]; null if nothing is sent
  std::vector<Channel*> receive_channels;  // [peer]
  std::vector<Collective*> collectives;    // [group]
  std::byte* arena = nullptr;              // of DeviceProgram::arena_bytes; null: Setup makes one
  FirstError* first_error = nullptr;
};

// Thread contract: Setup and RunStep on the worker's thread; NumDone and DescribePosition from any thread at any time
// after Setup; the rest while no step runs. The parts of a recorded step are called by one thread, instead of RunStep.
// Ownership: owns its events; the device owns the arena. Lifecycle: Setup once, then any number of steps.
class Worker {
 public:
  explicit Worker(WorkerEnvironment environment);

  // Binds the thread, makes the arena and events, and finds its streams. Errors: those of the device.
  absl::Status Setup();

  // The parts of a recorded step. Errors of Advance: those of devices, channels and modules, with device and
  // instruction before the message.
  void BeginStep();
  bool AllIssued() const { return next_ == order_.instructions.size(); }
  // The instruction that Advance takes next. Requires !AllIssued().
  int32_t Next() const { return order_.instructions[next_]; }
  // True if Advance does not block, because everything it waits for is posted.
  bool CanAdvance() const;
  absl::Status Advance();
  Device& device() const { return *environment_.device; }

  // Runs one step whose clock starts at `step_start` (SteadyNow). Errors go to FirstError; returns soon once an error
  // is set by any worker. Fills `intervals` (null: no trace; else one for each instruction) unless an error is set.
  void RunStep(Nanos step_start, std::vector<Interval>* intervals);
  // Runs the program's AllGathers of parameters alone, which wait for nothing. Errors: as RunStep.
  void RunGathers();

  // Writes when each instruction of the last step ran, in ns since `step_start`. `intervals` has one entry for each.
  void FillIntervals(Nanos step_start, std::vector<Interval>& intervals) const;

  ChunkState StateOf(int chunk) const;
  // The memory of the workspace and the slots, for a program of `bytes` that runs at other times; null if it is
  // smaller.
  std::byte* SlotsFor(Bytes bytes) const;
  // The end of the highest byte of the arena that chunk state and instructions used so far.
  Bytes PeakArenaBytes() const { return peak_arena_bytes_; }

  // For the watchdog: how many instructions of the step are done, and where the worker is ("" if idle).
  int NumDone() const;
  std::string DescribePosition() const;

 private:
  static constexpr int32_t kNone = -1;

  absl::Status FindStreams();
  absl::Status Issue(int32_t index);
  absl::Status WaitFor(Stream& stream, int32_t index);
  absl::Status Run(int32_t index, const Operation& operation, Stream& stream);
  absl::Status RunCollective(int32_t index, int32_t group, Stream& stream);
  // Runs the instructions of a step for which `runs` is true.
  template <typename Runs>
  void RunInstructions(Runs runs);
  template <typename Runs>
  absl::Status Drain(Runs runs);
  // Advances first_in_flight_ past instructions that are done.
  void SeeProgress();
  // On a device whose streams run later, an error may come from an earlier instruction. Returns from which one on.
  std::string DescribeInFlight(const absl::Status& error) const;
  std::string DescribeInstruction(int32_t index) const;

  // Defined inline in worker_operations.cc, its only user: it runs for each operand of each instruction.
  std::byte* AddressOf(SlotId slot);
  // Resolves the slots of a Forward, a backward or a Recompute.
  template <typename Compute>
  PassBuffers BuffersOf(const Compute& operation);
  void CountUse(Bytes end) { peak_arena_bytes_ = end > peak_arena_bytes_ ? end : peak_arena_bytes_; }

  const WorkerEnvironment environment_;
  const DeviceProgram& program_;
  const IssueOrder order_;
  std::byte* arena_ = nullptr;
  Bytes peak_arena_bytes_ = 0;

  Stream* compute_stream_ = nullptr;
  std::vector<Stream*> transfer_streams_;  // those of transfers and collectives that the program uses
  // [instruction of the program]
  std::vector<Stream*> stream_of_;               // its lane's
  std::vector<std::unique_ptr<Event>> begun_;    // its waits are over
  std::vector<std::unique_ptr<Event>> done_;     // it has run
  std::vector<std::unique_ptr<Event>> started_;  // transfers and collectives: the last side is ready; null for others
  std::vector<std::string> names_;               // for profilers; empty if streams run at once
  std::vector<ReduceBuffer> reduce_buffers_;     // of the collective being issued

  // Progress of the step, as indices into order_.instructions: the next one, and, where streams run later, the first
  // one not seen done.
  size_t next_ = 0;
  size_t first_in_flight_ = 0;

  // For the watchdog: the instruction the worker is at (the number of instructions: all are issued), and the one it
  // waits for.
  std::atomic<int32_t> position_{kNone};
  std::atomic<int32_t> waiting_for_{kNone};
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_WORKER_H_
