// One device's stream and numbers, for cases of the suite.
#ifndef BATON_TESTS_CONFORMANCE_DEVICES_LANE_H_
#define BATON_TESTS_CONFORMANCE_DEVICES_LANE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/transport/transport.h"

namespace baton {

// A stream, an arena of kNumbers numbers of type T, and as many in shared memory. Thread contract: one thread at a
// time.
template <typename T = int32_t>
struct Lane {
  static constexpr int kNumbers = 4096;

  explicit Lane(Device& device)
      : device(device),
        stream(device.CreateStream().value()),
        arena(reinterpret_cast<T*>(device.CreateArena(kNumbers * sizeof(T)).value())),
        shared(reinterpret_cast<T*>(device.CreateShared(kNumbers * sizeof(T)).value())) {}

  std::byte* At(int n) const { return reinterpret_cast<std::byte*>(arena + n); }
  std::unique_ptr<Event> Made() const { return device.CreateEvent(); }
  // Makes the device current on the calling thread, as a worker does.
  Lane& Bind() {
    device.BindWorkerThread().IgnoreError();
    return *this;
  }
  // Enqueues work that sets the arena's number `n`; at most kNumbers times.
  absl::Status Set(int n, T value) {
    shared[num_set] = value;
    return Bind().stream->CopyFromShared(At(n), reinterpret_cast<const std::byte*>(shared + num_set++), sizeof(T));
  }
  // The arena's first `count` numbers when all enqueued work is done.
  std::vector<T> Read(int count) {
    std::vector<T> values(count);
    absl::Status status = Bind().stream->Synchronize();
    if (status.ok())
      status = device.CopyFromArena(reinterpret_cast<std::byte*>(values.data()), At(0), count * sizeof(T));
    return status.ok() ? values : std::vector<T>();
  }

  Device& device;
  const std::unique_ptr<Stream> stream;
  T* const arena;
  T* const shared;
  int num_set = 0;
};

// The first error that a transport reports while this exists. Thread contract: any thread.
class ReportedError {
 public:
  explicit ReportedError(Transport& transport) : transport_(transport) {
    transport.SetErrorSink([this](const absl::Status& status) {
      std::lock_guard<std::mutex> lock(mutex_);
      status_.Update(status);
    });
  }
  ~ReportedError() { transport_.SetErrorSink(nullptr); }
  absl::StatusCode code() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return status_.code();
  }

 private:
  Transport& transport_;
  mutable std::mutex mutex_;
  absl::Status status_;
};

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_DEVICES_LANE_H_
