// Finds the numeric address of rank 0, and this process's own. Used by control.cc.
#ifndef BATON_RUNTIME_PROCESS_ADDRESS_H_
#define BATON_RUNTIME_PROCESS_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/process/host_port.h"

namespace baton {

struct NumericAddress {
  HostPort address;  // a numeric host
  bool loopback = false;
};

// Resolves a host, again and again until `deadline`: a pod's name appears only when the pod runs. Errors:
// DeadlineExceeded with the resolver's reason.
absl::StatusOr<NumericAddress> Resolve(const HostPort& address, absl::Time deadline);

// Checks that this host can listen there, waiting for a port in use until `deadline`, since the process of an earlier
// generation may be about to end. Errors: Unavailable, naming the address.
absl::Status CheckCanListen(const HostPort& numeric, absl::Time deadline);

// The numeric address of this host from which connections to `numeric` start, by the system's routes. Sends nothing.
// Errors: Unavailable if there is no route.
absl::StatusOr<std::string> AddressTowards(const HostPort& numeric);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_ADDRESS_H_
