// The interfaces that make one executor serve all backends: a Device makes Streams, Events and memory.
//
// Host and timed devices run a stream's work on the thread that enqueues it; a GPU's runs later. Code written against
// these interfaces must be right for both: work is ordered only by its stream and by events.
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

// A point in the work of a stream or the end of a transfer. Made once, reset at each step: nothing is allocated in one.
// Becomes done once after each Reset, by Stream::Record or by the channel or collective that it was given to.
// Thread contract: Reset by the worker of its device, before anything may complete it; Done and DoneAt from any thread.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Reset() = 0;
  // True once that which will complete it is enqueued, so that a stream can wait for it without blocking the caller.
  virtual bool Posted() const = 0;
  virtual bool Done() const = 0;
  // The device's clock when it was done, in nanoseconds of std::chrono::steady_clock on the host; only if Done().
  virtual Nanos DoneAt() const = 0;
};

// An in-order queue of work on one device. Used by one thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  // What is enqueued after this begins when `event` is done. A host stream blocks the caller.
  // Errors: Cancelled if the step was cancelled meanwhile.
  virtual absl::Status Wait(const Event& event) = 0;
  // `event` is done when all that was enqueued before is.
  virtual absl::Status Record(Event& event) = 0;
  // Fills device memory with zeros.
  virtual absl::Status Zero(std::byte* data, Bytes bytes) = 0;
  // Copies from the device's shared memory (see Device::CreateShared) to its arena.
  virtual absl::Status CopyFromShared(std::byte* arena, const std::byte* shared, Bytes bytes) = 0;
  // Blocks the caller until all that was enqueued is done. Errors: Cancelled as Wait; what enqueued work failed with.
  virtual absl::Status Synchronize() = 0;
  // For profilers: what is enqueued from Push to Pop is shown as `name`, which is only borrowed for the call.
  virtual void PushRange(const char* name) {}
  virtual void PopRange() {}
  // What kernels need to enqueue themselves: a cudaStream_t on CUDA, null on the host.
  virtual void* native_handle() = 0;
};

// A device and its memory, which lives as long as the device. Thread contract: made and destroyed on the launching
// thread; Cancel from any thread; Resume while its worker is idle; the rest on its worker, or on the launching thread
// while no step runs.
class Device {
 public:
  virtual ~Device() = default;
  virtual int index() const = 0;
  // True if streams run work after the call that enqueued it returned: errors may surface at a later call.
  virtual bool runs_later() const { return false; }
  virtual std::unique_ptr<Event> CreateEvent() = 0;
  virtual absl::StatusOr<std::unique_ptr<Stream>> CreateStream() = 0;
  // Memory for one program, kBufferAlignment-aligned and zeroed. Errors: ResourceExhausted.
  virtual absl::StatusOr<std::byte*> CreateArena(Bytes bytes) = 0;
  // Memory that the host and the device's kernels both see, for what goes to and fro: data, learning rates, losses.
  // kBufferAlignment-aligned and zeroed; the device's, until it is destroyed. Errors: ResourceExhausted.
  virtual absl::StatusOr<std::byte*> CreateShared(Bytes bytes) = 0;
  // True if the arena, too, is memory that the host can write.
  virtual bool arena_is_shared() const = 0;
  // Between the host's memory and the arena, while no step runs; done when the call returns. Any thread.
  virtual absl::Status CopyToArena(std::byte* arena, const std::byte* host, Bytes bytes) = 0;
  virtual absl::Status CopyFromArena(std::byte* host, const std::byte* arena, Bytes bytes) = 0;
  // Called on the worker thread before its first step, and on a thread that records for several devices before it
  // turns to this one: binds threads, current device and the like.
  virtual absl::Status BindWorkerThread() = 0;
  // Sets the device's clock by the host's, before a step whose times are wanted. While no step runs; any thread.
  virtual absl::Status SetClock() { return absl::OkStatus(); }
  // A graph of the work of all `devices`, of which this is one; `timed`: it also records when events are done.
  // Errors: Unimplemented where devices have no graphs.
  virtual absl::StatusOr<std::unique_ptr<StepGraph>> CreateStepGraph(absl::Span<Device* const> devices, bool timed) {
    return absl::UnimplementedError("this kind of device records no graphs");
  }
  // From now until Resume, no call on one of its streams blocks for long: those that would return Cancelled.
  virtual void Cancel() = 0;
  virtual void Resume() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_DEVICE_H_
