// The lines that a run prints for people. On a terminal each step writes over the line of the one before; steps that
// are worth keeping, and all other output, get lines of their own. Used by the trainer.
//
//   Progress progress({&std::cout, columns, /*steps=*/300, /*log_every=*/10, "tokens"});
//   progress.Log("4 chunks on 4 devices");
//   progress.Start();
//   progress.Show(metrics);   // after each step
#ifndef BATON_RUNTIME_TRAIN_PROGRESS_H_
#define BATON_RUNTIME_TRAIN_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/progress_line.h"
#include "runtime/train/metrics.h"

namespace baton {

struct ProgressOptions {
  std::ostream* log = nullptr;   // not owned; null: nothing is printed
  std::function<int()> columns;  // of the terminal that `log` is, where a line can be written over; null: it is none
  int64_t steps = 1;             // of the whole run
  int64_t log_every = 1;         // steps between two lines that stay
  std::string unit;              // "tokens" or "examples"
};

// Thread contract: one thread at a time.
class Progress {
 public:
  explicit Progress(ProgressOptions options);

  // Prints a line of its own.
  void Log(const std::string& line);
  // Starts the clock of "left"; `steps_done`: those of an earlier process.
  void Start(int64_t steps_done = 0) {
    start_ = std::chrono::steady_clock::now();
    steps_done_ = steps_done;
  }
  // Prints one step.
  void Show(const StepMetrics& metrics);
  // Ends a line that would be written over, so that what others print begins on a line of its own.
  void EndLine();

 private:
  // The line of a step; on a terminal the least important parts give way.
  std::vector<LinePart> PartsOf(const StepMetrics& metrics) const;

  const ProgressOptions options_;
  std::chrono::steady_clock::time_point start_;
  int64_t steps_done_ = 0;  // at start_
  bool line_open_ = false;  // the last line is to be written over
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PROGRESS_H_
