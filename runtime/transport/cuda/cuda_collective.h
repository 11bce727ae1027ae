// A sum over CUDA devices. The last device of this process to arrive enqueues a kernel that adds in the order of the
// members, or what also has the members of other processes take part. Made by CudaTransport and NcclTransport.
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

// How all members become one. Thread contract: one thread at a time.
class CudaSum {
 public:
  virtual ~CudaSum() = default;
  // Enqueues the sum on `stream`, whose GPU is the current one. Members of other processes have no data. Errors: those
  // of SumMembers; those of what reaches other processes.
  virtual absl::Status Add(absl::Span<const ReduceBuffer> members, Stream& stream) = 0;
  // After an error: ends waiting for other processes.
  virtual void Reset() {}
};

// For members of one process: SumMembers.
std::unique_ptr<CudaSum> SumWithinProcess();

// Events must be CudaEvents. The first member's GPU must be able to access all buffers: its own memory, memory of peers
// with access enabled, or shared memory. Thread contract, ownership: see Collective; borrows the devices.
class CudaCollective final : public Collective {
 public:
  // `device_of_member[n]`: the n-th member's device; null: in another process. `sum` runs on a stream of the first
  // device that is here. Errors: InvalidArgument if none is.
  static absl::StatusOr<std::unique_ptr<CudaCollective>> Create(std::vector<CudaDevice*> device_of_member,
                                                                std::unique_ptr<CudaSum> sum);

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

  bool IsOn(size_t member, int device) const {
    return device_of_member_[member] != nullptr && device_of_member_[member]->index() == device;
  }

  std::vector<CudaDevice*> device_of_member_;  // constant after Create
  std::unique_ptr<CudaSum> sum_;               // likewise
  std::unique_ptr<Event> summed_;              // on the first participant's stream
  Mutex mutex_;
  std::vector<ReduceBuffer> members_ ABSL_GUARDED_BY(mutex_);
  std::vector<Participant> participants_ ABSL_GUARDED_BY(mutex_);  // the device of the first member here first
  size_t num_arrived_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_CUDA_CUDA_COLLECTIVE_H_
