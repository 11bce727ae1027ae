// A worker interprets one device's instruction stream: for each instruction it waits, runs or posts, and records.
// Used by Executor, which gives each worker a thread.
//
//   compute    wait for its waits, begun ─ module call ─ done      on the compute stream
//   transfer   wait for its waits, begun ─ post on the channel     on the lane's stream; the channel completes done
//   AllReduce     wait for its waits, begun ─ arrive │ wait for done  on the compute stream
//
// A step goes in pieces, each an instruction; an AllReduce is two, so that one thread can let the other devices arrive.
// The worker's own thread takes one after the other; Executor::RecordStep walks the workers of all devices by turns.
//
// What a step needs is made at Setup: nothing is allocated, locked or looked up by name for an instruction, apart from
// the rendezvous inside channels and collectives.
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

// What a worker works with; all borrowed, and all must outlive it.
struct WorkerEnvironment {
  const Program* program = nullptr;        // must have passed CheckExecutable
  Device* device = nullptr;                // its index says which of the program's devices this is
  DeviceLanes* lanes = nullptr;            // the device's streams
  std::vector<StageModule*> modules;       // [chunk]; null where it is not on this device
  std::vector<Channel*> send_channels;     // [peer]; null where nothing is sent
  std::vector<Channel*> receive_channels;  // [peer]
  std::vector<Collective*> collectives;    // [group]; null where this device has no part
  FirstError* first_error = nullptr;
};

// Thread contract: Setup and RunStep on the worker's thread; NumDone and DescribePosition from any thread at any time
// after Setup; the rest while no step runs. A step in pieces belongs to one thread, instead of RunStep.
class Worker {
 public:
  explicit Worker(WorkerEnvironment environment);

  // Binds the thread, makes the arena and events, and finds its streams. Errors: those of the device.
  absl::Status Setup();

  // The pieces of a step that is recorded. Errors of Advance: with device and instruction before the message.
  void BeginStep();
  bool AllIssued() const { return next_ == order_.instructions.size(); }
  // The instruction that Advance takes next; not if AllIssued().
  int32_t Next() const { return order_.instructions[next_]; }
  // True if Advance does not block: all that it waits for is posted.
  bool CanAdvance() const;
  absl::Status Advance();
  Device& device() const { return *environment_.device; }

  // Runs one step, whose clock starts at `step_start` (SteadyNow). An error goes to FirstError; when one is set, here
  // or by another worker, returns soon. Fills `intervals` (null: no trace wanted; else one for each instruction) only
  // if there was none.
  void RunStep(Nanos step_start, std::vector<Interval>* intervals);

  // When each instruction ran, after a step with that many `intervals` whose clock started at `step_start`.
  void FillIntervals(Nanos step_start, std::vector<Interval>& intervals) const;

  ChunkState StateOf(int chunk) const;
  // The end of the highest byte of the arena that was handed out so far.
  Bytes PeakArenaBytes() const { return peak_arena_bytes_; }

  // For the watchdog: how many instructions of the step are done, and what the worker is at ("" when it is idle).
  int NumDone() const;
  std::string DescribePosition() const;

 private:
  static constexpr int32_t kNone = -1;

  absl::Status FindStreams();
  absl::Status Issue(int32_t index);
  absl::Status WaitFor(Stream& stream, int32_t index);
  absl::Status Run(int32_t index, const Operation& operation, Stream& stream);
  absl::Status RunReduce(int32_t index, int32_t group, Stream& stream);
  absl::Status Drain();
  // Moves first_in_flight_ on.
  void SeeProgress();
  // On a device whose streams run later, an error may be that of an earlier instruction: says which ones it can be.
  std::string DescribeInFlight(const absl::Status& error) const;
  std::string DescribeInstruction(int32_t index) const;

  std::byte* AddressOf(SlotId slot);
  // Of a Forward, backward or Recompute.
  template <typename Compute>
  ChunkBuffers BuffersOf(const Compute& operation);
  void HandOut(Bytes end) { peak_arena_bytes_ = end > peak_arena_bytes_ ? end : peak_arena_bytes_; }

  const WorkerEnvironment environment_;
  const DeviceProgram& program_;
  const IssueOrder order_;
  std::byte* arena_ = nullptr;
  Bytes peak_arena_bytes_ = 0;

  Stream* compute_stream_ = nullptr;
  std::vector<Stream*> transfer_streams_;  // those that the program uses
  // For each of the program's instructions: its lane's stream, when its waits were over, when it was done, for
  // transfers and sums when the last side was ready (else null), and its name if profilers can show it.
  std::vector<Stream*> stream_of_;
  std::vector<std::unique_ptr<Event>> begun_;
  std::vector<std::unique_ptr<Event>> done_;
  std::vector<std::unique_ptr<Event>> started_;
  std::vector<std::string> names_;
  std::vector<ReduceBuffer> reduce_buffers_;  // of the AllReduce being issued

  // Where the step is, in order_.instructions: the next piece (the second of an AllReduce if in_reduce_), and what was
  // not seen done yet, where streams run later.
  size_t next_ = 0;
  bool in_reduce_ = false;
  size_t first_in_flight_ = 0;

  // Where the worker is, for the watchdog: the instruction it is at (the number of instructions: all are issued), and
  // which one it waits for.
  std::atomic<int32_t> position_{kNone};
  std::atomic<int32_t> waiting_for_{kNone};
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_WORKER_H_
