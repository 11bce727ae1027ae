// Reads a trace file that Baton wrote: the program, the trace, and the prediction. Used by `baton explain`.
#ifndef BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_
#define BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// The largest file that is read, in bytes.
inline constexpr size_t kMaxChromeTraceBytes = size_t{1} << 31;

struct ReadTrace {
  Program program;
  Trace trace;                     // aligned with the program
  std::optional<Trace> predicted;  // aligned with the program; none if the file has no prediction
};

// `text` is the output of ToChromeTrace; `file` names it in errors. Errors: InvalidArgument if the text is not JSON, is
// not a trace of Baton, or if slices are missing, repeated or without their numbers.
absl::StatusOr<ReadTrace> ReadChromeTrace(const std::string& text, const std::string& file);

// OK if both programs issue the same operations on the same devices, so that a trace of one is aligned with the other.
// Errors: InvalidArgument with the first difference; `a_name` and `b_name` name the programs in it.
absl::Status CheckSameOperations(const Program& a, const std::string& a_name, const Program& b,
                                 const std::string& b_name);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_
