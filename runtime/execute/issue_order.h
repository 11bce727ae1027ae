// In which order a worker issues its device's instructions, and each one's lane. Used by Worker.
#ifndef BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_
#define BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_

#include <cstdint>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// Lanes are independent: a transfer may begin once its lane's predecessor and its waits are done, whatever the compute
// lane does meanwhile. A host stream, however, runs compute on the worker's own thread, so a transfer issued after a
// compute instruction is posted late. Each transfer therefore moves up to just behind the last compute instruction that
// it, or a predecessor on its lane, waits for:
//
//   program    F0 Recv1 F1 Recv2 F2      (Recv2 waits for F0, whose slot it reuses)
//   issued     Recv1 F0 Recv2 F1 F2
//
// A collective stays behind the compute instruction before it, after the transfers there: it may wait for collectives,
// and a host stream waits on the worker's thread.
//
// The order within each lane stays, and each instruction is issued after those that it waits for. The order is thus
// also right for streams that run later.
struct IssueOrder {
  std::vector<int32_t> instructions;  // a permutation of the program's indices
  // [instruction] → the one before it on its lane; −1 for the first.
  std::vector<int32_t> lane_predecessor;
};

// The program must have passed CheckExecutable.
IssueOrder MakeIssueOrder(const DeviceProgram& program, int num_devices);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_
