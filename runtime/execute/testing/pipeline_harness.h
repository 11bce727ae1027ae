// Host devices and arithmetic modules around a program of MakePipeline, for tests of the executor.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_HARNESS_H_
#define BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_HARNESS_H_

#include <memory>
#include <vector>

#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/execute/testing/arithmetic_module.h"
#include "runtime/execute/testing/pipeline_program.h"
#include "runtime/transport/local/local_transport.h"

namespace baton {

// Thread contract: one thread.
class PipelineHarness {
 public:
  explicit PipelineHarness(const PipelineSpec& spec) : PipelineHarness(spec, MakePipeline(spec)) {}
  PipelineHarness(const PipelineSpec& spec, Program program)
      : program_(std::make_shared<const Program>(std::move(program))) {
    for (int index = 0; index < spec.num_devices; ++index) {
      devices_.push_back(HostDevice::Create(index, {}).value());
      options_.devices.push_back(devices_.back().get());
      modules_.push_back(
          std::make_unique<ArithmeticModule>(index, spec.num_devices, spec.num_micro_batches, spec.slot_bytes));
      options_.modules.push_back(modules_.back().get());
    }
    options_.transport = &transport_;
  }

  // To be changed before Start.
  ExecutorOptions& options() { return options_; }
  const Program& program() const { return *program_; }
  ArithmeticModule& module(int chunk) { return *modules_[chunk]; }

  absl::Status Start() {
    auto executor = Executor::Create(program_, options_);
    if (!executor.ok()) return executor.status();
    executor_ = *std::move(executor);
    BindAll();
    return absl::OkStatus();
  }
  // Also clears the gradients, as after a failed step.
  void BindAll() {
    for (size_t chunk = 0; chunk < modules_.size(); ++chunk) {
      modules_[chunk]->Bind(executor_->StateOf(static_cast<int>(chunk)));
    }
  }
  Executor& executor() { return *executor_; }

 private:
  const std::shared_ptr<const Program> program_;
  std::vector<std::unique_ptr<HostDevice>> devices_;
  std::vector<std::unique_ptr<ArithmeticModule>> modules_;
  LocalTransport transport_;
  ExecutorOptions options_;
  std::unique_ptr<Executor> executor_;  // last: destroyed first
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_HARNESS_H_
