// `baton launch -- train …` for tests that bring harm to its processes, and the run that nothing disturbs.
#ifndef BATON_TESTS_FAULTS_LAUNCHED_TRAINING_H_
#define BATON_TESTS_FAULTS_LAUNCHED_TRAINING_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/command.h"

namespace baton {

// A small GPT on four devices, with a checkpoint every 3 of 24 steps. Two replicas have the bits of one.
struct TrainingToLaunch {
  std::string output;
  int processes = 2;                     // 1: without `baton launch`
  std::vector<std::string> launch;       // more options of baton launch
  std::vector<std::string> train;        // more arguments of baton train
  std::vector<std::string> environment;  // as NAME=VALUE
};
std::vector<std::string> ArgumentsOf(const TrainingToLaunch& training);
CommandResult Run(const TrainingToLaunch& training);

// The processes that `baton launch` has started and that still run, by pid.
std::vector<pid_t> ChildrenOf(pid_t parent);

// [step, loss] of metrics.jsonl.
std::vector<std::pair<int, double>> LossesIn(const std::string& output);

// The output folder of a run in one process that nothing disturbs, with more arguments of baton train; made once.
const std::string& Undisturbed(const std::vector<std::string>& train = {});

// Fails the test unless weights and losses in `output` have the bits of the undisturbed run.
void CheckSameAsUndisturbed(const std::string& output, const std::vector<std::string>& train = {});

// Arguments of baton train: two stages, of two devices each. Their bits are their own.
inline const std::vector<std::string> kTwoMembers = {"--set", "pipeline.stages=2", "--set", "parallel.tensor=2"};

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_LAUNCHED_TRAINING_H_
