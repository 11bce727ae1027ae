// Streams and channels are made when first needed.
#include "runtime/execute/lanes.h"

#include <utility>

#include "base/status.h"

namespace baton {

absl::StatusOr<Stream*> DeviceLanes::Get(std::unique_ptr<Stream>& stream) {
  if (stream == nullptr) {
    BATON_ASSIGN_OR_RETURN(stream, device_->CreateStream());
  }
  return stream.get();
}

absl::StatusOr<Stream*> DeviceLanes::CombinesFor(int group) {
  if (static_cast<size_t>(group) >= groups_.size()) groups_.resize(group + 1);
  return Get(groups_[group]);
}

absl::StatusOr<Channel*> ChannelTable::Get(int from, int to, int capacity) {
  std::vector<Sized>& of_pair = channels_[static_cast<size_t>(from) * num_devices_ + to];
  if (of_pair.empty() || of_pair.back().capacity < capacity) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Channel> channel, transport_->CreateChannel(from, to, capacity));
    of_pair.push_back({capacity, std::move(channel)});
  }
  return of_pair.back().channel.get();
}

void ChannelTable::Reset() {
  for (const std::vector<Sized>& of_pair : channels_) {
    for (const Sized& sized : of_pair) {
      if (sized.channel != nullptr) sized.channel->Reset();
    }
  }
}

}  // namespace baton
