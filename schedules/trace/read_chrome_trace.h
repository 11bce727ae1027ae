// Reads a trace file that Baton wrote back: the program, what happened, and what had been predicted. Used by
// `baton explain`.
#ifndef BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_
#define BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "schedules/program/program.h"
#include "schedules/trace/trace.h"

namespace baton {

// The largest file that is read.
inline constexpr size_t kMaxChromeTraceBytes = size_t{1} << 31;

struct ReadTrace {
  Program program;
  Trace trace;                     // aligned with the program
  std::optional<Trace> predicted;  // likewise, if the file tells of one
};

// `text` is what ToChromeTrace gave. Errors: InvalidArgument with `file` and what is wrong: no JSON, no trace of
// Baton's, slices that are missing, repeated or without their numbers.
absl::StatusOr<ReadTrace> ReadChromeTrace(const std::string& text, const std::string& file);

// OK if both programs issue the same operations on the same devices, so that a trace of one is aligned with the other.
// Errors: InvalidArgument with the first difference, in which they are called `a_name` and `b_name`.
absl::Status CheckSameOperations(const Program& a, const std::string& a_name, const Program& b,
                                 const std::string& b_name);

}  // namespace baton

#endif  // BATON_SCHEDULES_TRACE_READ_CHROME_TRACE_H_
