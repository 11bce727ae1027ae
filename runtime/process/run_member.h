// Runs a command as one of the processes of a run: joins, runs, and ends so that the failure of one process ends all of
// them with one report. Used by the commands that can run over several processes.
//
//     BATON_ASSIGN_OR_RETURN(const World world, FindWorld(Environment::OfProcess()));
//     const MemberEnd end = RunMember(world, hello, log, [&](Control& control) { return Train(control); });
//     return end.is_silent ? ExitWith(end.exit_status) : end.status;
#ifndef BATON_RUNTIME_PROCESS_RUN_MEMBER_H_
#define BATON_RUNTIME_PROCESS_RUN_MEMBER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "proto/control.pb.h"
#include "runtime/process/control.h"
#include "runtime/process/world.h"

namespace baton {

// How a process's part of a run ended.
struct MemberEnd {
  // Cancelled if another process failed first.
  absl::Status status;
  // True if rank 0 says what has happened, so that this process need not.
  bool is_silent = false;
};

// Joins the run that `world` describes, says so by `log` if there are several processes, and runs `body`. In a world of
// one process `body` gets a LoneControl. An error of `body` that is not AgreedByAll ends the run: all other processes
// get it. After a failure anywhere `body` must return soon; if it does not, as in a computation that never ends, this
// process ends with kExitPeerFailed, after the failure was printed in rank 0. `hello`: see HelloOf.
MemberEnd RunMember(const World& world, const proto::Hello& hello, const std::function<void(const std::string&)>& log,
                    const std::function<absl::Status(Control&)>& body);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_RUN_MEMBER_H_
