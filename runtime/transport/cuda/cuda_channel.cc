// Matching the n-th send with the n-th receive, and enqueuing the copy.
#include "runtime/transport/cuda/cuda_channel.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/kernel_observer.h"
#include "base/status.h"

namespace baton {
namespace {

cudaStream_t Native(Stream& stream) { return static_cast<CudaStream&>(stream).stream(); }

absl::Status Open(CudaChannelSide& side, CudaDevice* device, int capacity) {
  side.device = device;
  BATON_ASSIGN_OR_RETURN(side.stream, device->CreateStream());
  side.posts.resize(static_cast<size_t>(std::max(capacity, 1)));
  while (side.ready.size() < side.posts.size()) side.ready.push_back(device->CreateEvent());
  return absl::OkStatus();
}

const CudaChannelSide::Post& OldestOf(const CudaChannelSide& side) {
  return side.posts[static_cast<size_t>(side.num_matched) % side.posts.size()];
}

}  // namespace

absl::StatusOr<std::unique_ptr<CudaChannel>> CudaChannel::Create(CudaDevice* from, CudaDevice* to, int capacity) {
  std::unique_ptr<CudaChannel> channel(new CudaChannel);
  MutexLock lock(&channel->mutex_);
  BATON_RETURN_IF_ERROR(Open(channel->sender_, from, capacity));
  BATON_RETURN_IF_ERROR(Open(channel->receiver_, to, capacity));
  return channel;
}

absl::Status CudaChannel::Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) {
  MutexLock lock(&mutex_);
  // The transfer only reads a sender's data.
  return Match(
      sender_, receiver_, stream,
      {const_cast<std::byte*>(data), bytes, nullptr, static_cast<CudaEvent*>(&done), static_cast<CudaEvent*>(started)});
}

absl::Status CudaChannel::Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) {
  MutexLock lock(&mutex_);
  return Match(receiver_, sender_, stream,
               {data, bytes, nullptr, static_cast<CudaEvent*>(&done), static_cast<CudaEvent*>(started)});
}

absl::Status CudaChannel::Match(CudaChannelSide& mine, const CudaChannelSide& other, Stream& stream,
                                const CudaChannelSide::Post& half) {
  const auto capacity = static_cast<int64_t>(mine.posts.size());
  if (mine.num_posted - mine.num_matched == capacity) {
    return absl::InternalError(absl::StrCat("a channel of capacity ", capacity, " got one more transfer"));
  }
  const auto index = static_cast<size_t>(mine.num_posted % capacity);
  CudaChannelSide::Post& post = mine.posts[index];
  post = half;
  post.ready = static_cast<CudaEvent*>(mine.ready[index].get());
  BATON_RETURN_IF_ERROR(post.ready->RecordOn(Native(stream)));
  ++mine.num_posted;
  if (other.num_posted < mine.num_posted) return absl::OkStatus();
  const absl::Status transferred = Transfer();
  // The events of the other side may have made its GPU current.
  const absl::Status restored = mine.device->MakeCurrent();
  return transferred.ok() ? restored : transferred;
}

absl::Status CudaChannel::Transfer() {
  const CudaChannelSide::Post& send = OldestOf(sender_);
  const CudaChannelSide::Post& receive = OldestOf(receiver_);
  ++sender_.num_matched;
  ++receiver_.num_matched;
  if (send.bytes != receive.bytes) {
    return absl::InternalError(
        absl::StrCat("a send of ", send.bytes, " bytes matches a receive of ", receive.bytes, " bytes"));
  }
  const cudaStream_t sending = Native(*sender_.stream);
  const cudaStream_t receiving = Native(*receiver_.stream);
  for (const cudaStream_t stream : {sending, receiving}) {
    BATON_RETURN_IF_ERROR(send.ready->MakeWait(stream));
    BATON_RETURN_IF_ERROR(receive.ready->MakeWait(stream));
  }
  if (send.started != nullptr) BATON_RETURN_IF_ERROR(send.started->RecordOn(sending));
  if (receive.started != nullptr) BATON_RETURN_IF_ERROR(receive.started->RecordOn(receiving));
  const auto bytes = static_cast<size_t>(send.bytes);
  const auto transfer = [&] {
    return KernelWork{"copy", absl::StrCat("pass=transfer bytes=", bytes), 2.0 * static_cast<double>(bytes), 0};
  };
  if (bytes > 0 && sender_.device->gpu() == receiver_.device->gpu()) {
    const KernelScope scope(sending, transfer);
    BATON_RETURN_IF_CUDA_ERROR(cudaMemcpyAsync(receive.data, send.data, bytes, cudaMemcpyDeviceToDevice, sending));
  } else if (bytes > 0) {
    const KernelScope scope(sending, transfer);
    BATON_RETURN_IF_CUDA_ERROR(
        cudaMemcpyPeerAsync(receive.data, receiver_.device->gpu(), send.data, sender_.device->gpu(), bytes, sending));
  }
  BATON_RETURN_IF_ERROR(send.done->RecordOn(sending));
  BATON_RETURN_IF_ERROR(send.done->MakeWait(receiving));
  BATON_RETURN_IF_ERROR(receive.done->RecordOn(receiving));
  for (const CudaChannelSide::Post* post : {&send, &receive}) {
    if (post->started != nullptr) post->started->Post();
    post->done->Post();
  }
  return absl::OkStatus();
}

void CudaChannel::Reset() {
  MutexLock lock(&mutex_);
  for (CudaChannelSide* side : {&sender_, &receiver_}) side->num_posted = side->num_matched = 0;
}

}  // namespace baton
