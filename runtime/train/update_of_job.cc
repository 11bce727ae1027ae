// A job's optimizer fields as an update.
#include "runtime/train/update_of_job.h"

#include "runtime/train/learning_rate.h"

namespace baton {
namespace {

LearningRateSchedule ScheduleOfJob(const proto::Job& job) {
  const proto::Optimizer& optimizer = job.optimizer();
  LearningRateSchedule schedule;
  schedule.base = optimizer.adamw().learning_rate();
  schedule.warmup_steps = optimizer.warmup_steps();
  schedule.steps = job.run().steps();
  schedule.min_ratio = optimizer.min_ratio();
  switch (optimizer.decay()) {
    case proto::Optimizer::LINEAR:
      schedule.decay = LearningRateDecay::kLinear;
      break;
    case proto::Optimizer::COSINE:
      schedule.decay = LearningRateDecay::kCosine;
      break;
    default:
      schedule.decay = LearningRateDecay::kConstant;
  }
  return schedule;
}

}  // namespace

UpdateControl UpdateOfJob(const proto::Job& job, int64_t step, int64_t num_updates) {
  const proto::AdamW& adamw = job.optimizer().adamw();
  UpdateControl update;
  update.learning_rate = LearningRate(ScheduleOfJob(job), step + 1);
  update.beta1 = adamw.beta1();
  update.beta2 = adamw.beta2();
  update.epsilon = adamw.epsilon();
  update.weight_decay = adamw.weight_decay();
  update.clip_norm = job.optimizer().clip_norm();
  update.step = num_updates + 1;
  update.seed = job.run().seed();
  return update;
}

}  // namespace baton
