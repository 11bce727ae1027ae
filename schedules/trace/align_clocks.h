// Brings the times of a measured step together that were taken by different clocks, as those of several hosts. Used
// after the traces of several processes were gathered.
//
//   clock 0   Send ├──┤                    Send ├──┤
//   clock 1         Recv ├──┤     ▶                Recv ├──┤        data cannot arrive before its sender was ready
#ifndef BATON_SCHEDULES_TRACE_ALIGN_CLOCKS_H_
#define BATON_SCHEDULES_TRACE_ALIGN_CLOCKS_H_

#include <vector>

#include "base/units.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// Shifts the times of each clock but clock 0 so that no Recv ends before its Send was ready; by nothing if none does.
// `clock_of_device`: [device], from 0. `trace` must have an interval for each instruction. Returns the shifts:
// [clock], in nanoseconds.
std::vector<Nanos> AlignClocks(const Program& program, const std::vector<int>& clock_of_device, Trace& trace);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_ALIGN_CLOCKS_H_
