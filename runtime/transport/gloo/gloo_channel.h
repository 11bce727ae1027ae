// One end of a channel between two processes. Made by GlooTransport.
#ifndef BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CHANNEL_H_
#define BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CHANNEL_H_

#include <cstdint>
#include <memory>

#include "runtime/transport/channel.h"
#include "runtime/transport/gloo/gloo_pair.h"

namespace baton {

// Bytes go straight from and into slots; the pair's threads move them. Events must be HostEvents. Errors that happen
// after a post, sizes that differ among them, go to the transport's error sink. A reset closes the connection if a
// receive is announced or bytes are on their way, since Gloo cannot take them back. Allocates nothing itself after the
// first `capacity` transfers; Gloo makes an entry of a queue for each.
// Thread contract, ownership: see Channel. Borrows the pair.
class GlooChannel final : public Channel {
 public:
  // `moves_data`: see GlooTransportOptions.
  GlooChannel(GlooPair* pair, uint64_t lane, bool sends, int capacity, bool moves_data)
      : pair_(pair), end_(pair->AddEnd(lane, sends, capacity)), moves_data_(moves_data) {}
  ~GlooChannel() override { pair_->RemoveEnd(*end_); }

  // Errors besides Channel's: Internal at the wrong end; the connection's error.
  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override;
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override;
  void Reset() override { pair_->Withdraw(*end_); }

 private:
  GlooPair* const pair_;
  const std::unique_ptr<GlooEnd> end_;
  const bool moves_data_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_GLOO_GLOO_CHANNEL_H_
