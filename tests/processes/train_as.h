// Training as one process of a run, for tests of runs over several processes.
#ifndef BATON_TESTS_PROCESSES_TRAIN_AS_H_
#define BATON_TESTS_PROCESSES_TRAIN_AS_H_

#include <vector>

#include "runtime/process/lone_control.h"
#include "tests/processes/worlds.h"
#include "tests/testing/jobs.h"

namespace baton {

// Runs steps [first, last) of the session of one process, and adds to `outcome` the numbers that it knows.
inline void TrainSteps(TrainingSession& session, int64_t first, int64_t last, Outcome& outcome) {
  for (int64_t step = first; step < last; ++step) {
    const StepResult result = session.Step(step).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
}

// Adds the weights, which rank 0 alone gets. All processes call it at the same time.
inline void AddWeights(TrainingSession& session, Outcome& outcome) {
  const std::vector<TensorToWrite> weights = session.Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
}

// The losses and the weights are known in rank 0 alone.
inline Outcome TrainAs(Control& control, const proto::Job& job) {
  SessionOptions options;
  options.control = &control;
  const auto session = TrainingSession::Create(job, options).value();
  Outcome outcome;
  TrainSteps(*session, 0, job.run().steps(), outcome);
  if (job.run().evaluate_every() > 0) outcome.losses.push_back(session->Evaluate().value());
  AddWeights(*session, outcome);
  return outcome;
}

inline Outcome TrainAlone(const proto::Job& job) {
  LoneControl alone;
  return TrainAs(alone, job);
}

// Returns the outcome that rank 0 of `size` processes knows in the end.
inline Outcome TrainIn(int size, const proto::Job& job) {
  if (size == 1) return TrainAlone(job);
  std::vector<Outcome> outcomes(size);
  AsProcesses(size, [&](Control& control) { outcomes[control.rank()] = TrainAs(control, job); });
  return outcomes[0];
}

}  // namespace baton

#endif  // BATON_TESTS_PROCESSES_TRAIN_AS_H_
