// Addresses of the form HOST:PORT. Used by world.cc, the launcher and control.
#ifndef BATON_RUNTIME_PROCESS_HOST_PORT_H_
#define BATON_RUNTIME_PROCESS_HOST_PORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

struct HostPort {
  std::string host;  // a name or an address; an IPv6 address without brackets
  int port = 0;      // 1 to 65535
};

// Parses `node-3:29400`, `10.0.0.7:29400` or `[fe80::1]:29400`. `name` is the variable or flag, for messages. Errors:
// InvalidArgument.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view name, absl::string_view text);

// The form that ParseHostPort reads.
std::string FormatHostPort(const HostPort& address);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_HOST_PORT_H_
