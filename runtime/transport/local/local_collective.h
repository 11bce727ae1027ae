// A sum over the devices of one process: the last to arrive adds, in the order of the members, and wakes the others.
// Made by LocalTransport.
#ifndef BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_

#include <mutex>
#include <vector>

#include "absl/types/span.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"

namespace baton {

// Events must be HostEvents. Thread contract: see Collective. Nothing is allocated after construction.
class LocalCollective final : public Collective {
 public:
  // `latency_ns`: the sum ends this long after the last arrival, or when it is computed if that is later. With `adds`
  // false nothing is read or written, for rehearsals.
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

  absl::Status Add();

  const std::vector<int32_t> device_of_member_;
  const Nanos latency_ns_;
  const bool adds_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<ReduceBuffer> members_;
  std::vector<Participant> participants_;
  size_t num_arrived_ = 0;
  Nanos last_arrival_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_LOCAL_LOCAL_COLLECTIVE_H_
