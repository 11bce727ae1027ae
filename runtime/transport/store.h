// A store of keys and values that the processes of a job share. Transports between processes find each other by it.
// Used by runtime/transport/gloo; the control plane implements it, tests have stores of their own.
#ifndef BATON_RUNTIME_TRANSPORT_STORE_H_
#define BATON_RUNTIME_TRANSPORT_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace baton {

// Keys are set once and never removed. They are short printable texts; values are at most some hundred bytes of any
// kind. Thread contract: any thread.
class Store {
 public:
  virtual ~Store() = default;
  virtual absl::Status Set(const std::string& key, const std::string& value) = 0;
  // Blocks until some process has set the key. Errors: DeadlineExceeded after `timeout`.
  virtual absl::StatusOr<std::string> Get(const std::string& key, absl::Duration timeout) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_STORE_H_
