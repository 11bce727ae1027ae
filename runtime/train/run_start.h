// The start of a training run: the session, gone on from a checkpoint if there is one, the files in the output folder,
// and what saves checkpoints from then on. Used by the trainer.
//
//   OutputFolder output(options.output, options.trace_file);
//   BATON_ASSIGN_OR_RETURN(StartedRun run, StartRun(job, options, control, output, log));
#ifndef BATON_RUNTIME_TRAIN_RUN_START_H_
#define BATON_RUNTIME_TRAIN_RUN_START_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/process/control.h"
#include "runtime/train/checkpointer.h"
#include "runtime/train/output_folder.h"
#include "runtime/train/resume.h"
#include "runtime/train/session.h"
#include "runtime/train/trainer.h"
#include "schedules/costs/costs.h"

namespace baton {

struct StartedRun {
  std::unique_ptr<TrainingSession> session;
  std::unique_ptr<Checkpointer> checkpointer;  // destroyed before the session
  CostModel costs;                             // until a step has been measured
  int64_t first_step = 0;                      // of this process, from 0
  double loss = 0;                             // of the step before it
  bool has_folder = false;                     // in rank 0, and so in the whole run
};

// All processes of the run call it at the same time. `output` is that of this process: in others than rank 0 without a
// folder. Logs what people want to know before the first step. Errors: InvalidArgument, whatever the system calls them;
// Internal; Cancelled if another process failed. After an error nothing of the output folder has changed, unless its
// own files could not be written.
absl::StatusOr<StartedRun> StartRun(const proto::Job& job, const TrainerOptions& options, Control& control,
                                    OutputFolder& output, const LogLine& log);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_RUN_START_H_
