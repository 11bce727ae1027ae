// The interfaces between the executor and a kind of device: a Device makes Streams, Events and memory.
//
//   std::unique_ptr<Stream> stream = device.CreateStream().value();
//   std::unique_ptr<Event> event = device.CreateEvent();
//   event->Reset();                        // once a step
//   stream->Zero(arena, bytes);            // enqueued; runs at once on a host, later on a GPU
//   stream->Record(*event);                // done when the fill is
//   other_stream->Wait(*event);            // later work of other_stream begins when the fill is done
//
// A host's stream runs work on the thread that enqueues it; a GPU's stream runs it later. Callers must be right for
// both: only streams and events order work. tests/conformance/devices tests every implementation.
#ifndef BATON_RUNTIME_DEVICE_DEVICE_H_
#define BATON_RUNTIME_DEVICE_DEVICE_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/units.h"
#include "runtime/device/step_graph.h"

namespace baton {

// A point in the work of a stream, or the end of a transfer.
// Lifecycle: made once; Reset in each step; then completed once, by Stream::Record or by the channel or collective that
// it was passed to. No step allocates events. Thread contract: Reset by the worker of its device before anything may
// complete it; the rest from any thread.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Reset() = 0;
  // True once the work that completes it is enqueued, so that Stream::Wait does not block the caller.
  virtual bool Posted() const = 0;
  virtual bool Done() const = 0;
  // When it was done: ns of the host's std::chrono::steady_clock. Requires Done().
  virtual Nanos DoneAt() const = 0;
};

// An in-order queue of work on one device. Thread contract: one thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // Work enqueued later begins when `event`, of the same device, is done. Blocks the caller until `event` is posted; a
  // host stream blocks until it is done. Errors: Cancelled if the device is cancelled first.
  virtual absl::Status Wait(const Event& event) = 0;
  // Completes `event` when all work enqueued before is done.
  virtual absl::Status Record(Event& event) = 0;
  // Fills device memory with zeros.
  virtual absl::Status Zero(std::byte* data, Bytes bytes) = 0;
  // Copies within device memory; the two ranges do not overlap.
  virtual absl::Status Copy(std::byte* to, const std::byte* from, Bytes bytes) = 0;
  // Copies from the device's shared memory (see Device::CreateShared) to its arena.
  virtual absl::Status CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) = 0;
  // Blocks the caller until all enqueued work is done. Errors: Cancelled as Wait; errors of enqueued work.
  virtual absl::Status Synchronize() = 0;
  // For profilers: work enqueued from Push to Pop is shown as `name`, which is borrowed for the call.
  virtual void PushRange(const char* name) {}
  virtual void PopRange() {}
  // The handle by which kernels enqueue work: a cudaStream_t on CUDA, null on the host.
  virtual void* native_handle() = 0;
};

// A device and its memory, which lives as long as the device. Thread contract: made and destroyed on the launching
// thread; Cancel from any thread; Resume while its worker is idle; the rest on its worker, or on the launching thread
// while no step runs.
class Device {
 public:
  virtual ~Device() = default;
  virtual int index() const = 0;
  // True if work may run after the call that enqueued it returned. Errors of the work then surface at a later call.
  virtual bool runs_later() const { return false; }
  virtual std::unique_ptr<Event> CreateEvent() = 0;
  virtual absl::StatusOr<std::unique_ptr<Stream>> CreateStream() = 0;
  // Memory for one program, kBufferAlignment-aligned and zeroed. Errors: ResourceExhausted.
  virtual absl::StatusOr<std::byte*> CreateArena(Bytes bytes) = 0;
  // Memory that both the host and kernels can access: for data, learning rates, losses. kBufferAlignment-aligned and
  // zeroed. Errors: ResourceExhausted.
  virtual absl::StatusOr<std::byte*> CreateShared(Bytes bytes) = 0;
  // True if the host can access arenas as well.
  virtual bool arena_is_shared() const = 0;
  // Copies between host memory and an arena while no step runs. Returns when the copy is done. Any thread.
  virtual absl::Status CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) = 0;
  virtual absl::Status CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) = 0;
  // Prepares the calling thread for work on this device (current device, thread name and the like). Called on a worker
  // before its first step, and on a thread that records for several devices each time it turns to this one.
  virtual absl::Status BindWorkerThread() = 0;
  // Aligns the device's clock with the host's before a traced step. While no step runs; any thread.
  virtual absl::Status SetClock() { return absl::OkStatus(); }
  // A graph of the work of all `devices`, which include this one. `timed`: the graph also records when events are done.
  // Errors: Unimplemented if this kind of device has no graphs.
  virtual absl::StatusOr<std::unique_ptr<StepGraph>> CreateStepGraph(absl::Span<Device* const> devices, bool timed) {
    return absl::UnimplementedError("this kind of device records no graphs");
  }
  // From now until Resume, calls on its streams return Cancelled instead of blocking; blocked ones wake.
  virtual void Cancel() = 0;
  virtual void Resume() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_DEVICE_H_
