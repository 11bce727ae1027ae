// Recording and waiting, in a graph that is recorded and outside.
#include "runtime/device/cuda/cuda_event.h"

#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/device/cuda/cuda_device.h"

namespace baton {
namespace {

// Makes `event` when first needed, since most events of an evaluation, for example, are never in a graph.
absl::Status CreateOnce(cudaEvent_t* event, unsigned int flags) {
  if (*event == nullptr) BATON_RETURN_IF_CUDA_ERROR(cudaEventCreateWithFlags(event, flags));
  return absl::OkStatus();
}

}  // namespace

CudaEvent::~CudaEvent() {
  for (cudaEvent_t event : {timed_, ordered_}) {
    if (event != nullptr) cudaEventDestroy(event);
  }
}

bool CudaEvent::Done() const { return Posted() && timed_ != nullptr && cudaEventQuery(timed_) == cudaSuccess; }

Nanos CudaEvent::DoneAt() const { return device_->clock().TimeOf(timed_); }

absl::Status CudaEvent::RecordOn(cudaStream_t stream) {
  const CudaRecording& recording = device_->recording();
  if (!recording.active || recording.timed) {
    if (timed_ == nullptr) BATON_RETURN_IF_ERROR(device_->MakeCurrent());
    BATON_RETURN_IF_ERROR(CreateOnce(&timed_, cudaEventDefault));
    BATON_RETURN_IF_CUDA_ERROR(
        cudaEventRecordWithFlags(timed_, stream, recording.active ? cudaEventRecordExternal : cudaEventRecordDefault));
  }
  if (!recording.active) return absl::OkStatus();
  if (ordered_ == nullptr) BATON_RETURN_IF_ERROR(device_->MakeCurrent());
  BATON_RETURN_IF_ERROR(CreateOnce(&ordered_, cudaEventDisableTiming));
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(ordered_, stream));
  return absl::OkStatus();
}

void CudaEvent::Post() {
  posted_at_.store(SteadyNow(), std::memory_order_seq_cst);
  device_->doorbell().Ring();
}

absl::Status CudaEvent::MakeWait(cudaStream_t stream) const {
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamWaitEvent(stream, device_->recording().active ? ordered_ : timed_, 0));
  return absl::OkStatus();
}

}  // namespace baton
