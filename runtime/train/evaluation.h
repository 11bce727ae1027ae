// The loss over held-out data: the forward-only program on the parameters of training. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_EVALUATION_H_
#define BATON_RUNTIME_TRAIN_EVALUATION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/data/dataset.h"
#include "runtime/execute/executor.h"
#include "runtime/train/batches.h"
#include "runtime/train/stage_modules.h"
#include "schedules/program/program.h"

namespace baton {

// Errors: InvalidArgument if the data set has no held-out sequences.
absl::Status CheckHeldOut(const Dataset& dataset);

struct EvaluationSizes {
  int64_t batch = 1;    // sequences of a batch
  int64_t at_most = 0;  // evaluate the first ones only, as many as this; 0: all
};

// Thread contract: the launching thread, while no step runs. Borrows all but the program.
class Evaluation {
 public:
  // Adds `program` to `executor`, which runs the training program with `modules`; this allocates an arena on each
  // device. Errors: those of CheckHeldOut and Executor::AddProgram.
  static absl::StatusOr<std::unique_ptr<Evaluation>> Create(Program program, const EvaluationSizes& sizes,
                                                            Executor* executor, StageModules* modules, Batches* batches,
                                                            const Dataset* dataset);

  // The same for a program that `executor` already has, as `handle`.
  static absl::StatusOr<std::unique_ptr<Evaluation>> Create(std::shared_ptr<const Program> program,
                                                            ProgramHandle handle, const EvaluationSizes& sizes,
                                                            Executor* executor, StageModules* modules, Batches* batches,
                                                            const Dataset* dataset);

  // Runs all held-out sequences, each once; see EvaluationSizes::at_most. The last batch is filled up with rows that
  // are ignored, so that the mean does not depend on the size of a batch. Changes the batch that is set and fills
  // staging memory 0. `stop` (may be null): returns Cancelled once it is true.
  absl::Status Run(const std::atomic<bool>* stop);
  // StageModules::Losses of each batch of the last run, one behind the other.
  const std::vector<double>& losses() const { return losses_; }
  // The losses of all batches, in a run of one process.
  std::vector<double> BatchLosses() const;
  // The mean loss over the rows of all sequences. `batches`: the losses of all batches, each over all its
  // micro-batches.
  double MeanOf(const std::vector<double>& batches) const;
  const Program& program() const { return *program_; }

 private:
  int64_t NumSequences() const;
  Evaluation(std::shared_ptr<const Program> program, ProgramHandle handle, const EvaluationSizes& sizes,
             Executor* executor, StageModules* modules, Batches* batches, const Dataset* dataset);

  const std::shared_ptr<const Program> program_;
  const EvaluationSizes sizes_;
  Executor* const executor_;
  StageModules* const modules_;
  Batches* const batches_;
  const Dataset* const dataset_;
  const ProgramHandle handle_;  // of program_ in executor_
  std::vector<double> losses_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_EVALUATION_H_
