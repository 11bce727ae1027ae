// The JSON of `baton explain`. Used by explain.cc.
#ifndef BATON_TOOLS_BATON_EXPLAIN_REPORT_H_
#define BATON_TOOLS_BATON_EXPLAIN_REPORT_H_

#include "proto/report.pb.h"
#include "schedules/analyze/explain.h"

namespace baton {

// All differences and waitings of `explanation`, in its order.
proto::ExplainReport ToExplainReport(const Program& program, const Explanation& explanation, const TraceNames& names);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_EXPLAIN_REPORT_H_
