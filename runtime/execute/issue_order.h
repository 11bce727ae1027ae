// In which order a worker issues its device's instructions, and each one's lane. Used by Worker.
#ifndef BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_
#define BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_

#include <cstdint>
#include <vector>

#include "schedules/program/program.h"

namespace baton {

// A program's lanes are independent: a transfer begins as soon as its lane's predecessor and its waits allow, whatever
// the compute lane does meanwhile. But a host stream runs compute on the worker itself, so a transfer that is issued
// after it would be posted late. So each transfer moves forward to just behind the last compute instruction that it
// waits for, or that a predecessor of its lane waits for:
//
//   program    F0 Recv1 F1 Recv2 F2      (Recv2 waits for F0, whose slot it reuses)
//   issued     Recv1 F0 Recv2 F1 F2
//
// The order within each lane is kept, and every wait is issued before its waiter: also right for asynchronous streams.
struct IssueOrder {
  std::vector<int32_t> instructions;  // a permutation of the program's indices
  // [program's index] → the instruction before it on its lane; −1 for the first.
  std::vector<int32_t> lane_predecessor;
};

// The program must have passed CheckExecutable.
IssueOrder MakeIssueOrder(const DeviceProgram& program, int num_devices);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_ISSUE_ORDER_H_
