// Converts reports to the messages of proto/report.proto, for --format=json.
#ifndef BATON_SCHEDULES_ANALYZE_REPORT_PROTO_H_
#define BATON_SCHEDULES_ANALYZE_REPORT_PROTO_H_

#include <string>

#include "proto/report.pb.h"
#include "schedules/analyze/analysis.h"

namespace baton {

proto::CompareReport::Row ToCompareRow(const std::string& schedule, const StepReport& report);
proto::SimulateReport ToSimulateReport(const std::string& schedule, const StepReport& report);

// A time as the messages have it, in µs.
inline double Micros(Nanos nanos) { return static_cast<double>(nanos) / 1000.0; }

// JSON with the field names of the .proto file, zeros included.
std::string ToJson(const google::protobuf::Message& message);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_REPORT_PROTO_H_
