// A sum over devices of one process that are on GPUs: the last to arrive enqueues a kernel that adds in the order of
// the members. Made by CudaTransport.
//
//   device 0   arrive: ready ─┐
//   device 1   arrive: ready ─┴▶ sum (on the first member's GPU) ─▶ done of each device
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_

#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/transport/collective.h"

namespace baton {

// Events must be CudaEvents. Buffers must be within reach of the first member's GPU: its own memory, that of peers with
// access enabled, or shared memory. Thread contract: see Collective.
class CudaCollective final : public Collective {
 public:
  // `device_of_member[n]` is the n-th member's.
  static absl::StatusOr<std::unique_ptr<CudaCollective>> Create(std::vector<CudaDevice*> device_of_member);

  absl::Status Arrive(Stream& stream, int device, absl::Span<const ReduceBuffer> buffers, Event& done,
                      Event* started) override;
  void Reset() override;

 private:
  struct Participant {
    CudaDevice* device = nullptr;
    std::unique_ptr<Stream> stream;  // on its GPU
    std::unique_ptr<Event> ready;
    bool arrived = false;
    CudaEvent* done = nullptr;
    CudaEvent* started = nullptr;
  };

  CudaCollective() = default;
  // Enqueues the sum and what tells the participants of it.
  absl::Status Add();

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<CudaDevice*> device_of_member_;
  std::vector<ReduceBuffer> members_;
  std::vector<Participant> participants_;  // the first member's device first
  std::unique_ptr<Event> summed_;          // on the first participant's stream
  size_t num_arrived_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_
