// --transport and --queues: the transport that a command assumes. Used by verify, compile and simulate.
#ifndef BATON_TOOLS_BATON_TRANSPORT_FLAGS_H_
#define BATON_TOOLS_BATON_TRANSPORT_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "schedules/program/transport_model.h"

namespace baton {

// As typed.
struct TransportFlags {
  std::string transport = "rendezvous";
  std::string queues = "per-peer-and-direction";
};

void AddTransportFlags(CLI::App& command, TransportFlags& flags);

// Errors: InvalidArgument.
absl::StatusOr<TransportModel> ParseTransport(const TransportFlags& flags);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_TRANSPORT_FLAGS_H_
