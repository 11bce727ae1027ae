// A sum over CUDA devices of one process. The last device to arrive enqueues a kernel that adds in the order of the
// members. Made by CudaTransport.
//
//   device 0   arrive: ready ─┐
//   device 1   arrive: ready ─┴▶ sum (on the first member's GPU) ─▶ done of each device
#ifndef BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_
#define BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_event.h"
#include "runtime/transport/collective.h"

namespace baton {

// Events must be CudaEvents. The first member's GPU must be able to access all buffers: its own memory, memory of peers
// with access enabled, or shared memory. Thread contract, ownership: see Collective; borrows the devices.
class CudaCollective final : public Collective {
 public:
  // `device_of_member[n]`: the n-th member's device.
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
  // Enqueues the sum, and completes the participants' events.
  absl::Status Add() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::vector<CudaDevice*> device_of_member_;  // constant after Create
  std::unique_ptr<Event> summed_;              // on the first participant's stream
  Mutex mutex_;
  std::vector<ReduceBuffer> members_ ABSL_GUARDED_BY(mutex_);
  std::vector<Participant> participants_ ABSL_GUARDED_BY(mutex_);  // the first member's device first
  size_t num_arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_
