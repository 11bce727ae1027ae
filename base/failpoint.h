// Failures injected by name, so that tests see what survives them. Used by base/durable_file, runtime/checkpoint,
// runtime/process, runtime/transport and runtime/train.
//
//     BATON_RETURN_IF_ERROR(Failpoint("file.rename"));   // before the system call that it stands for
//
//     $ BATON_FAIL=file.rename:2:kill baton train …      // the second rename never happens: the process kills itself
//
// The environment variable holds one failure, NAME:NTH:ACTION, or RANK:NAME:NTH:ACTION for the process whose BATON_RANK
// is RANK; NTH counts from 1. Actions:
//
//   kill     SIGKILL to this process: nothing is flushed, no destructor runs
//   stop     SIGSTOP to this process: it stands still, and its connections stay open
//   exit     _exit(70)
//   enospc   the call returns ENOSPC, from the NTH time on
//   eio      the call returns EIO, from the NTH time on
//
// A variable that is malformed or names no failpoint ends the process with status 2 and a sentence: a test that injects
// nothing must not pass. Without the variable a call costs one load and one branch.
#ifndef BATON_BASE_FAILPOINT_H_
#define BATON_BASE_FAILPOINT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// Every name that Failpoint() may be called with, in the order of a save, of what --resume does before it goes on,
// of joining and leaving a run of several processes (control.*), of its connections (data.*), and of training (train.*).
// Tests enumerate it.
const std::vector<absl::string_view>& FailpointNames();

// Fails as BATON_FAIL says. Thread contract: any thread. Errors: ResourceExhausted (enospc) or Unavailable (eio), with
// the name. `name` must be in FailpointNames().
absl::Status Failpoint(absl::string_view name);

}  // namespace baton

#endif  // BATON_BASE_FAILPOINT_H_
