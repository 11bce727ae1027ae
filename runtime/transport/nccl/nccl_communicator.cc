// Calling NCCL, and polling until a call is no longer in progress.
#include "runtime/transport/nccl/nccl_communicator.h"

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/kernel_observer.h"
#include "base/status.h"
#include "runtime/device/clock.h"

namespace baton {
namespace {

constexpr std::chrono::microseconds kPollPeriod(50);

// For KernelScope. The time of NCCL's kernel includes the wait for the peers.
KernelWork Work(const char* pass, Bytes bytes) {
  return {"nccl", absl::StrCat("pass=", pass, " bytes=", bytes), static_cast<double>(bytes), 0};
}

}  // namespace

absl::StatusOr<std::unique_ptr<NcclCommunicator>> NcclCommunicator::Create(CudaDevice* device,
                                                                           const NcclCommunicatorOptions& options) {
  if (options.num_ranks < 1 || options.rank < 0 || options.rank >= options.num_ranks) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank: ", options.rank, " must be from 0 to below num_ranks: ", options.num_ranks));
  }
  BATON_RETURN_IF_ERROR(device->MakeCurrent());
  std::unique_ptr<NcclCommunicator> made(new NcclCommunicator(device, options.timeout_ns));
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const ncclResult_t result =
      ncclCommInitRankConfig(&made->communicator_, options.num_ranks, options.id, options.rank, &config);
  BATON_RETURN_IF_ERROR(made->Await(result, "ncclCommInitRankConfig"));
  return made;
}

NcclCommunicator::~NcclCommunicator() { Abort(); }

absl::Status NcclCommunicator::Await(ncclResult_t result, const char* expression) {
  // A call within a group is in progress until the group ends.
  if (in_group_ && result == ncclInProgress) return absl::OkStatus();
  const Nanos give_up = SteadyNow() + timeout_ns_;
  while (result == ncclInProgress) {
    if (device_->cancelled()) {
      Abort();
      return absl::CancelledError("the step was cancelled");
    }
    if (SteadyNow() > give_up) {
      Abort();
      return absl::DeadlineExceededError(
          absl::StrCat("NCCL: ", expression, " is still in progress after ", timeout_ns_ / 1'000'000, " ms"));
    }
    std::this_thread::sleep_for(kPollPeriod);
    const ncclResult_t polled = ncclCommGetAsyncError(communicator_, &result);
    if (polled != ncclSuccess) result = polled;
  }
  return ToStatus(result, expression, __FILE__, __LINE__);
}

absl::Status NcclCommunicator::Send(cudaStream_t stream, const std::byte* data, Bytes bytes, int peer) {
  BATON_RETURN_IF_ERROR(Check());
  const KernelScope scope(stream, [&] { return Work("send", bytes); });
  const ncclResult_t result = ncclSend(data, static_cast<size_t>(bytes), ncclInt8, peer, communicator_, stream);
  return Await(result, "ncclSend");
}

absl::Status NcclCommunicator::Receive(cudaStream_t stream, std::byte* data, Bytes bytes, int peer) {
  BATON_RETURN_IF_ERROR(Check());
  const KernelScope scope(stream, [&] { return Work("receive", bytes); });
  const ncclResult_t result = ncclRecv(data, static_cast<size_t>(bytes), ncclInt8, peer, communicator_, stream);
  return Await(result, "ncclRecv");
}

absl::Status NcclCommunicator::Group(cudaStream_t stream, const std::function<Bytes()>& bytes,
                                     const std::function<absl::Status()>& calls) {
  const KernelScope scope(stream, [&] { return Work("exchange", bytes()); });
  BATON_RETURN_IF_CUDA_ERROR(ncclGroupStart());
  in_group_ = true;
  absl::Status status = calls();
  in_group_ = false;
  const absl::Status ended = Await(ncclGroupEnd(), "ncclGroupEnd");
  return status.ok() ? ended : status;
}

absl::Status NcclCommunicator::Check() {
  if (communicator_ == nullptr) return absl::FailedPreconditionError("the communicator was aborted");
  if (in_group_) return absl::OkStatus();
  ncclResult_t state = ncclSuccess;
  BATON_RETURN_IF_CUDA_ERROR(ncclCommGetAsyncError(communicator_, &state));
  return Await(state, "an earlier call");
}

void NcclCommunicator::Abort() {
  if (communicator_ != nullptr) ncclCommAbort(communicator_);
  communicator_ = nullptr;
}

}  // namespace baton
