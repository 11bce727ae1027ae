// A small job on an executor whose modules and transport a test can wrap: real layers, optimizer and loads, on the
// devices that the job asks for.
//
//   JobPipeline pipeline(FaultJob());
//   FaultyModule module(pipeline.options().modules[0], 3);
//   pipeline.options().modules[0] = &module;
//   REQUIRE(pipeline.Start().ok());
//   CHECK_FALSE(pipeline.executor().RunStep(nullptr).ok());
#ifndef BATON_TESTS_FAULTS_JOB_PIPELINE_H_
#define BATON_TESTS_FAULTS_JOB_PIPELINE_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/data/dataset.h"
#include "runtime/execute/executor.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/batches.h"
#include "runtime/train/parameter_state.h"
#include "runtime/train/stage_modules.h"

namespace baton {

// Every step is step 0 of the job, with the same batch. Thread contract: one thread. Owns all.
class JobPipeline {
 public:
  // `edit` (may be null) changes the program before it is loaded. An invalid job throws, which fails the test.
  explicit JobPipeline(const proto::Job& job, const std::function<void(Program&)>& edit = nullptr);
  ~JobPipeline();

  // To be changed before Start.
  ExecutorOptions& options() { return options_; }
  const Program& program() const { return *program_; }
  Executor& executor() { return *executor_; }  // after Start

  // Starts the executor and calls Initialize.
  absl::Status Start();
  // Sets parameters to those of the job's seed, gradients and moments to zero. Also to be called after a failed step.
  absl::Status Initialize();
  // The parameters of each replica of a chunk, as ChunkPlacement::replicas().
  std::vector<std::vector<std::byte>> Parameters() const;

 private:
  const proto::Job job_;
  std::unique_ptr<Backend> backend_;
  JobPlan plan_;
  std::shared_ptr<const Program> program_;
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<Batches> batches_;
  std::unique_ptr<StageModules> modules_;
  JobDevices devices_;
  ExecutorOptions options_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<ParameterState> parameters_;
};

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_JOB_PIPELINE_H_
