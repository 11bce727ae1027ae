#include "tools/baton/transport_flags.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

constexpr int kMostBuffers = 1 << 20;

}  // namespace

void AddTransportFlags(CLI::App& command, TransportFlags& flags) {
  command.add_option("--transport", flags.transport,
                     "rendezvous, or buffered:K, in which K sends may run ahead of their receives (rendezvous)");
  command
      .add_option("--queues", flags.queues,
                  "Transfers that stay in order: per-device, per-peer or per-peer-and-direction (the last)")
      ->check(CLI::IsMember({"per-device", "per-peer", "per-peer-and-direction"}));
}

absl::StatusOr<TransportModel> ParseTransport(const TransportFlags& flags) {
  TransportModel model;
  absl::string_view slots = flags.transport;
  if (absl::ConsumePrefix(&slots, "buffered:")) {
    if (!absl::SimpleAtoi(slots, &model.buffered_slots) || model.buffered_slots < 1 ||
        model.buffered_slots > kMostBuffers) {
      return absl::InvalidArgumentError(absl::StrCat("--transport: \"", flags.transport, "\"; buffers must be 1 to ",
                                                     kMostBuffers, ", as in buffered:2"));
    }
  } else if (flags.transport != "rendezvous") {
    return absl::InvalidArgumentError(
        absl::StrCat("--transport: \"", flags.transport, "\" is neither rendezvous nor buffered:K"));
  }
  if (flags.queues == "per-device") model.queues = QueueKind::kPerDevice;
  if (flags.queues == "per-peer") model.queues = QueueKind::kPerPeer;
  return model;
}

}  // namespace baton
