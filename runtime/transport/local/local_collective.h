// A sum over host devices of one process. The last device to arrive adds, in the order of the members, and wakes the
// others. Made by LocalTransport.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"

namespace baton {

// Events must be HostEvents. Thread contract, ownership: see Collective. Allocates nothing after construction.
class LocalCollective final : public Collective {
 public:
  // The sum ends `latency_ns` after the last arrival, or when it is computed if that is later. `adds` false, for
  // rehearsals: no buffer is read or written.
  LocalCollective(absl::Span<const int32_t> device_of_member, Nanos latency_ns, bool adds);

  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override;
  void Reset() override;

 private:
  struct Participant {
    int device = 0;
    bool arrived = false;
    HostEvent* done = nullptr;
    HostEvent* started = nullptr;
  };

  absl::Status Add() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<int32_t> device_of_member_;
  const Nanos latency_ns_;
  const bool adds_;
  Mutex mutex_;
  std::vector<ReduceBuffer> members_ ABSL_GUARDED_BY(mutex_);
  std::vector<Participant> participants_ ABSL_GUARDED_BY(mutex_);
  size_t num_arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos last_arrival_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_
