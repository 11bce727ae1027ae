// The id by the store, joining, and the first bytes.
#include "runtime/transport/nccl/nccl_connection.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "runtime/transport/nccl/device_bytes.h"

namespace baton {

absl::Status NcclConnection::Connect() {
  NcclCommunicatorOptions options;
  options.rank = options_.rank;
  options.num_ranks = options_.num_ranks;
  options.timeout_ns = options_.timeout_ms * 1'000'000;
  if (options_.rank == 0) {
    BATON_RETURN_IF_CUDA_ERROR(ncclGetUniqueId(&options.id));
    BATON_RETURN_IF_ERROR(
        options_.store->Set(options_.key, std::string(reinterpret_cast<const char*>(&options.id), sizeof(options.id))));
  } else {
    BATON_ASSIGN_OR_RETURN(const std::string id,
                           options_.store->Get(options_.key, absl::Milliseconds(options_.timeout_ms)));
    if (id.size() != sizeof(options.id)) {
      return absl::InternalError(
          absl::StrCat("the store's key \"", options_.key, "\" has ", id.size(), " bytes, not ", sizeof(options.id)));
    }
    std::memcpy(&options.id, id.data(), id.size());
  }
  BATON_ASSIGN_OR_RETURN(communicator_, NcclCommunicator::Create(options_.device, options));
  return SendFirstBytes();
}

absl::Status NcclConnection::SendFirstBytes() {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Stream> stream, options_.device->CreateStream());
  const auto native = static_cast<cudaStream_t>(stream->native_handle());
  // One byte to send, and one from each peer.
  BATON_ASSIGN_OR_RETURN(const DeviceBytes bytes, DeviceBytes::Create(*options_.device, 1 + options_.num_ranks));
  const auto num_bytes = [&] { return Bytes{2} * (options_.num_ranks - 1); };
  absl::Status status = communicator_->Group(native, num_bytes, [&]() -> absl::Status {
    for (int peer = 0; peer < options_.num_ranks; ++peer) {
      if (peer == options_.rank) continue;
      BATON_RETURN_IF_ERROR(communicator_->Send(native, bytes.data(), 1, peer));
      BATON_RETURN_IF_ERROR(communicator_->Receive(native, bytes.data() + 1 + peer, 1, peer));
    }
    return absl::OkStatus();
  });
  if (status.ok()) status = stream->Synchronize();
  if (!status.ok()) communicator_->Abort();  // before the bytes are freed, which waits for the GPU
  return status;
}

absl::StatusOr<NcclCommunicator*> NcclConnection::communicator() const {
  if (communicator_ != nullptr) return communicator_.get();
  return absl::FailedPreconditionError(absl::StrCat("NCCL: \"", options_.key, "\" is not connected yet"));
}

void NcclConnection::Abort() {
  if (communicator_ != nullptr) communicator_->Abort();
}

}  // namespace baton
