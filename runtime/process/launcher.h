// `baton launch`: starts processes of this program on this host, shows their output, and ends all when one fails. Used
// by tools/baton/launch.cc.
//
//     BATON_ASSIGN_OR_RETURN(const int exit_status, Launch(options, Environment::OfProcess()));
//
//     baton launch ─┬─ rank 0 ── leader of control ◀─┐
//                   ├─ rank 1 ───────────────────────┤   each child: a process group of its own
//                   └─ rank 2 ───────────────────────┘
#ifndef BATON_RUNTIME_PROCESS_LAUNCHER_H_
#define BATON_RUNTIME_PROCESS_LAUNCHER_H_

#include "absl/status/statusor.h"
#include "runtime/process/environment.h"
#include "runtime/process/launch_options.h"

namespace baton {

// Runs the children to their end, restarting all together up to `max_restarts` times, each time as the next generation.
// Returns the exit status (LaunchOutcome). Children are not restarted after invalid input, a stop, or a signal to this
// process. SIGTERM, SIGINT and SIGHUP to this process are passed on. When a child fails, the others get SIGTERM, then
// SIGKILL after `patience` (see LaunchOptions). If this process dies, however it dies, the kernel kills the children. Output: whole lines
// with the child's prefix, on the stream on which the child wrote them; reports on standard error.
//
// Thread contract: call from the main thread, once, before other threads exist: it blocks signals, and the children
// live as long as this thread. Errors: InvalidArgument (options), Unavailable (a process cannot be started).
absl::StatusOr<int> Launch(const LaunchOptions& options, const Environment& environment);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LAUNCHER_H_
