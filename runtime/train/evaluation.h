// The loss over held-out data: the forward-only program on the parameters of training. Used by training sessions.
#ifndef BATON_RUNTIME_TRAIN_EVALUATION_H_
#define BATON_RUNTIME_TRAIN_EVALUATION_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/data/dataset.h"
#include "runtime/execute/executor.h"
#include "runtime/train/batches.h"
#include "runtime/train/stage_modules.h"
#include "schedules/program/program.h"

namespace baton {

// The most batches of held-out data in one evaluation.
inline constexpr int64_t kMaxEvaluationBatches = 32;

// Errors: InvalidArgument if the data set has no held-out sequences.
absl::Status CheckHeldOut(const Dataset& dataset);

// Thread contract: the launching thread, while no step runs. Borrows all but the program.
class Evaluation {
 public:
  // Adds `program` to `executor`, which runs the training program with `modules`; this allocates an arena on each
  // device. `sequences`: those of a batch. Errors: those of CheckHeldOut and Executor::AddProgram.
  static absl::StatusOr<std::unique_ptr<Evaluation>> Create(Program program, int64_t sequences, Executor* executor,
                                                            StageModules* modules, Batches* batches,
                                                            const Dataset* dataset);

  // The mean loss over the held-out data, or over kMaxEvaluationBatches batches if there is more. Changes the batch
  // that is set and fills staging memory 0.
  absl::StatusOr<double> Run();

 private:
  Evaluation(Program program, int64_t sequences, Executor* executor, StageModules* modules, Batches* batches,
             const Dataset* dataset);

  const std::shared_ptr<const Program> program_;
  const int64_t sequences_;
  Executor* const executor_;
  StageModules* const modules_;
  Batches* const batches_;
  const Dataset* const dataset_;
  ProgramHandle handle_;  // of program_ in executor_
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_EVALUATION_H_
