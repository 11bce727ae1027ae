// Checks the facts that must be equal in all processes of a run. Used by leader_state.cc.
#ifndef BATON_RUNTIME_PROCESS_HELLO_RULES_H_
#define BATON_RUNTIME_PROCESS_HELLO_RULES_H_

#include <string>

#include "proto/control.pb.h"

namespace baton {

// As `rank 2 (host-b, pid 4711)`.
std::string DescribeProcess(const proto::Hello& hello);

// Why a process with this hello cannot take part in a run with the leader `self`; empty if it can. Generations and
// taken ranks are not compared.
std::string WhyRefused(const proto::Hello& self, const proto::Hello& hello);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_HELLO_RULES_H_
