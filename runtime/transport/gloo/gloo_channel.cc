// Posting.
#include "runtime/transport/gloo/gloo_channel.h"

#include "runtime/device/clock.h"

namespace baton {
namespace {

constexpr uint64_t kTransfer = 0;  // sums have other tags

GlooPost MakePost(std::byte* data, Bytes bytes, Event& done, Event* started) {
  return {data, bytes, kTransfer, static_cast<HostEvent*>(&done), static_cast<HostEvent*>(started), SteadyNow()};
}

}  // namespace

absl::Status GlooChannel::Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) {
  if (!end_->sends) return absl::InternalError("a send at the receiving end of a channel");
  return pair_->Post(*end_, MakePost(const_cast<std::byte*>(data), moves_data_ ? bytes : 0, done, started));
}

absl::Status GlooChannel::Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) {
  if (end_->sends) return absl::InternalError("a receive at the sending end of a channel");
  return pair_->Post(*end_, MakePost(data, moves_data_ ? bytes : 0, done, started));
}

}  // namespace baton
