// Which process an error of a transport is about, for whoever reports it. Set by transports between processes.
#ifndef BATON_RUNTIME_TRANSPORT_PEER_H_
#define BATON_RUNTIME_TRANSPORT_PEER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baton {

inline constexpr char kPeerPayload[] = "baton/peer_rank";

// `status`, not OK, with the rank of the process at the other end.
inline absl::Status WithPeer(absl::Status status, int rank) {
  status.SetPayload(kPeerPayload, absl::Cord(absl::StrCat(rank)));
  return status;
}

// -1: the error is about no peer.
inline int PeerOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPeerPayload);
  int rank = -1;
  return payload.has_value() && absl::SimpleAtoi(std::string(*payload), &rank) ? rank : -1;
}

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_PEER_H_
