// A request to `baton launch`, and the environment of each child. Used by tools/baton/launch.cc and launcher.cc.
#ifndef BATON_RUNTIME_PROCESS_LAUNCH_OPTIONS_H_
#define BATON_RUNTIME_PROCESS_LAUNCH_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/process/environment.h"
#include "runtime/process/host_port.h"

namespace baton {

struct LaunchOptions {
  int processes = 1;  // on this host
  int nodes = 1;
  int node_rank = 0;
  // Where rank 0 listens, on node 0. Needed if nodes > 1; otherwise a free port of 127.0.0.1.
  std::optional<HostPort> rendezvous;
  int max_restarts = 0;
  // From the failure of a child, when the others get SIGTERM, to SIGKILL.
  absl::Duration patience = absl::Seconds(10);
  // The same if the child says that control told it of a failure. All others know it too and end by themselves, so
  // that SIGTERM waits: the one that has failed may still be saying why.
  absl::Duration patience_when_told = absl::Seconds(3);
  absl::Duration time_to_speak = absl::Seconds(2);
  // How long a child may wait for the others; unset: control's default.
  std::optional<std::string> timeout;
  // Shown in prefixes if nodes > 1.
  std::string host;
  // The arguments of each child, its name first; the program is that of this process.
  std::vector<std::string> command;
};

// Checks the numbers against each other. Errors: InvalidArgument, naming the flag.
absl::Status CheckLaunchOptions(const LaunchOptions& options, const Environment& environment);

// A port of 127.0.0.1 that nobody uses now. Errors: Unavailable.
absl::StatusOr<int> FreeLoopbackPort();

// 32 random hexadecimal digits. Errors: Unavailable.
absl::StatusOr<std::string> RandomToken();

// The environment of the child with this index on this host: the launcher's own and BATON_*.
Environment EnvironmentOfChild(const LaunchOptions& options, const Environment& environment, int local_rank,
                               const HostPort& leader, int generation, const std::string& token);

// As `[rank 2] `, or `[rank 2 host-b] ` if there are several nodes.
std::string PrefixOf(const LaunchOptions& options, int local_rank);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LAUNCH_OPTIONS_H_
