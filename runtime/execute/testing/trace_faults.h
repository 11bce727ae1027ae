// Counts what is wrong with a measured trace, whatever the program. Used by tests of the executor.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_TRACE_FAULTS_H_
#define BATON_RUNTIME_EXECUTE_TESTING_TRACE_FAULTS_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Intervals that end before they start, start before they are ready or before what they wait for is done, or overlap on
// the compute lane.
inline int CountTraceFaults(const Program& program, const Trace& trace) {
  int faults = 0;
  for (int device = 0; device < program.num_devices(); ++device) {
    const DeviceProgram& device_program = program.devices[device];
    const std::vector<Interval>& intervals = trace.devices[device];
    Nanos compute_end = 0;
    for (size_t index = 0; index < intervals.size(); ++index) {
      const Interval& interval = intervals[index];
      const Instruction& instruction = device_program.instructions[index];
      faults += interval.ready < 0;
      faults += interval.start < interval.ready;
      faults += interval.end < interval.start;
      for (int32_t wait : device_program.WaitsOf(instruction)) faults += interval.start < intervals[wait].end;
      if (!IsCompute(instruction.operation)) continue;
      faults += interval.ready < compute_end;
      compute_end = interval.end;
    }
  }
  return faults;
}

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_TRACE_FAULTS_H_
