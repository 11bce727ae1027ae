// Two traces of one program side by side, instruction by instruction: what ran longer than predicted, who waited for
// whom because of it, and what it cost the step. Used by `baton explain` and the pictures that show both.
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

// Instructions of one kind, of one chunk or link, whose time differs.
struct Difference {
  std::string name;  // as "chunk 3 backward", "link 0→1"
  int64_t count = 0;
  Nanos predicted_mean = 0;
  Nanos measured_mean = 0;
  // By how much the step is longer because of it: the mean of what it adds to those listed by name before it, and to
  // those after it.
  Nanos step_cost = 0;
  std::vector<InstructionRef> instructions;
};

// How long a device waited for what a chunk on another device computed.
struct Waiting {
  int device = 0;
  int for_device = 0;
  int for_chunk = 0;
  Nanos predicted = 0;
  Nanos measured = 0;
};

// One instruction that ran longer than predicted.
struct LongInstruction {
  InstructionRef ref;
  Nanos predicted = 0;
  Nanos measured = 0;
  Nanos step_cost = 0;  // of it alone, all else as predicted
};

struct Explanation {
  StepReport predicted;
  StepReport measured;
  Blame predicted_blame;
  Blame measured_blame;
  std::vector<Difference> differences;  // the most important first
  // What the differences do not explain: instructions that began later than they could, the host being late. With the
  // differences' step_cost it adds up to measured minus predicted step time.
  Nanos late_starts = 0;
  std::vector<Waiting> waitings;         // the largest difference first
  std::vector<LongInstruction> longest;  // the largest excess first; at most kMostLongInstructions

  Nanos StepDifference() const { return measured.step_time - predicted.step_time; }
};

inline constexpr int kMostLongInstructions = 5;

// What the two traces are called, as the tables' heads and in sentences.
struct TraceNames {
  std::string predicted = "predicted";
  std::string measured = "measured";
  // As "longer than predicted".
  std::string than = "predicted";
};

// Both traces are aligned with the program, which both come from. Replays the program about twice for each Difference.
// Errors: those of Replay.
absl::StatusOr<Explanation> Explain(const Program& program, const Trace& predicted, const Trace& measured,
                                    const SimulateOptions& options = {});

// Three sentences: by how much the step differs, what made it so, and where the time is now.
std::vector<std::string> InThreeSentences(const Program& program, const Explanation& explanation,
                                          const TraceNames& names);

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_EXPLAIN_H_
