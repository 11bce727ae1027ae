// Compares two traces of one program, instruction by instruction: which instructions ran longer than predicted, which
// devices waited because of them, and by how much the step got longer. Used by `baton explain`.
//
//   BATON_ASSIGN_OR_RETURN(const Explanation explanation, Explain(program, predicted, measured));
//   for (const std::string& sentence : InThreeSentences(program, explanation, TraceNames())) …
#ifndef BATON_SCHEDULES_ANALYZE_EXPLAIN_H_
#define BATON_SCHEDULES_ANALYZE_EXPLAIN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/blame.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/simulate/simulate.h"

namespace baton {

// Instructions of one kind, of one chunk or link, whose times differ. Times in nanoseconds.
struct Difference {
  std::string name;   // as "chunk 3 backward", "link 0→1"
  int64_t count = 0;  // instructions; a transfer counts once
  Nanos predicted_mean = 0;
  Nanos measured_mean = 0;
  // By how much the step is longer because of this difference: the mean of its effect after the differences whose names
  // come before it, and of its effect after those that come behind it.
  Nanos step_cost = 0;
  std::vector<InstructionRef> instructions;
};

// How long `device` waited for work of a chunk on another device, in nanoseconds.
struct Waiting {
  int device = 0;
  int for_device = 0;
  int for_chunk = 0;
  Nanos predicted = 0;
  Nanos measured = 0;
};

// One instruction that ran longer than predicted. Times in nanoseconds.
struct LongInstruction {
  InstructionRef ref;
  Nanos predicted = 0;
  Nanos measured = 0;
  Nanos step_cost = 0;  // by how much the step is longer if only this instruction takes its measured time
};

struct Explanation {
  StepReport predicted;
  StepReport measured;
  Blame predicted_blame;
  Blame measured_blame;
  std::vector<Difference> differences;  // the most important first
  // The part of StepDifference() that `differences` do not explain: instructions that started later than their waits
  // allowed, since the host was late. The sum of all step_cost plus late_starts is StepDifference().
  Nanos late_starts = 0;
  std::vector<Waiting> waitings;         // the largest difference first
  std::vector<LongInstruction> longest;  // the largest excess first; at most kMostLongInstructions

  // In nanoseconds; negative if the measured step was shorter.
  Nanos StepDifference() const { return measured.step_time - predicted.step_time; }
};

inline constexpr int kMostLongInstructions = 5;

// Names of the two traces for tables and sentences.
struct TraceNames {
  std::string predicted = "predicted";  // head of a column
  std::string measured = "measured";
  std::string than = "predicted";  // in "longer than predicted"
};

// Both traces are aligned with the program. Replays the program about twice for each Difference.
// Errors: those of Replay.
absl::StatusOr<Explanation> Explain(const Program& program, const Trace& predicted, const Trace& measured,
                                    const SimulateOptions& options = {});

// Three sentences: by how much the step differs, the largest cause, and where the time is now.
std::vector<std::string> InThreeSentences(const Program& program, const Explanation& explanation,
                                          const TraceNames& names);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_EXPLAIN_H_
