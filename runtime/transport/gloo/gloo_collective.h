// A sum, or an exchange of shards, whose members are in several processes. Made by GlooTransport, one in each process
// that has a member. Counts the arrivals of this process; a thread of its own then meets the other processes
// (gloo_exchange.h).
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "runtime/device/host/host_event.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/gloo/gloo_exchange.h"

namespace baton {

struct GlooCollectiveOptions {
  std::vector<int32_t> device_of_member;
  std::vector<bool> member_is_here;
  // See GlooExchangeOptions.
  int own_part = 0;
  std::vector<MemberRange> processes;
  bool through_one = false;
  std::vector<GlooPeer> peers;
};

// Events must be HostEvents. Errors that happen after the last arrival go to the transport's error sink. A reset while
// a sum is on its way closes connections. Allocates when a sum is larger than any before.
// Thread contract, ownership: see Collective. Borrows the pairs; owns a thread, which exchanges and adds.
class GlooCollective final : public Collective {
 public:
  explicit GlooCollective(GlooCollectiveOptions options);
  ~GlooCollective() override;

  // Errors besides Collective's: a connection's error.
  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override;
  void Reset() override;

 private:
  struct Participant {  // a device of this process
    int device = 0;
    bool arrived = false;
    HostEvent* done = nullptr;
    HostEvent* started = nullptr;
  };

  void Main();

  const GlooCollectiveOptions options_;
  std::vector<int> own_members_;
  Doorbell doorbell_;  // of the thread
  std::unique_ptr<GlooExchange> exchange_;

  Mutex mutex_;
  CondVar changes_;
  std::vector<ReduceBuffer> members_;  // [member]; the thread's while it exchanges, else guarded by mutex_
  std::vector<Participant> participants_ ABSL_GUARDED_BY(mutex_);
  size_t num_arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  Nanos last_arrival_ ABSL_GUARDED_BY(mutex_) = 0;
  bool exchanges_ ABSL_GUARDED_BY(mutex_) = false;
  bool stops_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_COLLECTIVE_H_
