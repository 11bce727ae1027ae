// One process of a run: its devices, modules, transports and executor. Tests make several in one process, or one in
// each of several.
#ifndef BATON_TESTS_PROCESSES_PROCESS_H_
#define BATON_TESTS_PROCESSES_PROCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device/host/host_device.h"
#include "runtime/execute/executor.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/local/local_transport.h"
#include "runtime/transport/router/router.h"
#include "runtime/transport/store.h"
#include "tests/processes/mix_module.h"

namespace baton {

// A proven program of MixModules with `bytes` in each buffer, a tied gradient of the first and last chunk, and a norm.
std::shared_ptr<const Program> MakeMixProgram(const std::string& schedule, int num_devices, int num_micro_batches,
                                              Bytes bytes);

struct ProcessOptions {
  std::shared_ptr<const Program> program;
  Bytes bytes = 0;  // as given to MakeMixProgram
  int rank = 0;
  std::vector<int> rank_of_device;
  Store* store = nullptr;
  std::string key_prefix;
  // Changes the executor's options before it is made. Null: no change.
  std::function<void(ExecutorOptions&)> change;
};

// Thread contract: one thread at a time.
class Process {
 public:
  static absl::StatusOr<std::unique_ptr<Process>> Create(ProcessOptions options);

  Executor& executor() { return *executor_; }
  GlooTransport& gloo() { return *gloo_; }
  // [replica of a chunk] after the steps so far; empty for those of other processes.
  std::vector<std::vector<float>> Parameters() const;

 private:
  explicit Process(ProcessOptions options) : options_(std::move(options)) {}

  const ProcessOptions options_;
  std::vector<std::unique_ptr<HostDevice>> devices_;
  std::vector<std::unique_ptr<MixModule>> modules_;  // [replica of a chunk]
  LocalTransport local_;
  std::unique_ptr<GlooTransport> gloo_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Executor> executor_;
};

// The parameters after `num_steps` steps in one process.
std::vector<std::vector<float>> TrainInOneProcess(const std::shared_ptr<const Program>& program, Bytes bytes,
                                                  int num_steps);

}  // namespace baton

#endif  // BATON_TESTS_PROCESSES_PROCESS_H_
