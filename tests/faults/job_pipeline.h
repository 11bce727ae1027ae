// A small job on an executor whose modules and transport a test can wrap: real layers, optimizer and loads, on whatever
// devices the job asks for.
//
//   JobPipeline pipeline(MakeJob(kFaultJob));
//   FaultyModule module(pipeline.options().modules[0], 3);
//   pipeline.options().modules[0] = &module;
//   REQUIRE(pipeline.Start().ok());
//   pipeline.executor().RunStep(nullptr);
#ifndef BATON_TESTS_FAULTS_JOB_PIPELINE_H_
#define BATON_TESTS_FAULTS_JOB_PIPELINE_H_

#include <functional>
#include <memory>
#include <vector>

#include "ops/backend.h"
#include "proto/job.pb.h"
#include "runtime/execute/executor.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/parameter_table.h"
#include "runtime/train/layer_stage_module.h"

namespace baton {

// Thread contract: one thread. Owns all.
class JobPipeline {
 public:
  // `edit` (may be null) changes the program before it is loaded. Ends the test with an exception if the job is wrong.
  explicit JobPipeline(const proto::Job& job, const std::function<void(Program&)>& edit = nullptr);
  ~JobPipeline();

  // To be changed before Start.
  ExecutorOptions& options() { return options_; }
  const Program& program() const { return *program_; }
  Executor& executor() { return *executor_; }

  absl::Status Start();
  // Parameters of the seed, and gradients and moments of zero, as at the start; also after a failed step.
  absl::Status Initialize();
  // Fills staging memory, and runs a step of the same data.
  absl::Status RunStep(Trace* trace = nullptr);
  // The parameters of each chunk.
  std::vector<std::vector<std::byte>> Parameters() const;

 private:
  class Tokens;

  const proto::Job job_;
  std::unique_ptr<Backend> backend_;
  ParameterTable parameters_;
  std::shared_ptr<const Program> program_;
  std::unique_ptr<Tokens> tokens_;
  JobDevices devices_;
  std::vector<std::unique_ptr<LayerStageModule>> modules_;  // [chunk]
  ExecutorOptions options_;
  std::unique_ptr<Executor> executor_;  // last: destroyed first
};

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_JOB_PIPELINE_H_
