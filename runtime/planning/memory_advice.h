// Suggests changes to a job that does not fit its devices. Used by training sessions and `baton simulate` after
// CheckDeviceMemory has refused a job.
//
//   const MemoryAdvice advice = AdviseOnMemory(backend, job);
//   for (const MemorySuggestion& each : advice.fitting) std::cout << each.overrides << "\n";
//   std::cout << DescribeAdvice(advice) << "\n";
#ifndef BATON_RUNTIME_PLANNING_MEMORY_ADVICE_H_
#define BATON_RUNTIME_PLANNING_MEMORY_ADVICE_H_

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "ops/backend.h"
#include "proto/job.pb.h"

namespace baton {

// A changed job, compiled.
struct MemorySuggestion {
  std::string overrides;  // as for --set, separated by spaces
  Bytes bytes = 0;        // what the fullest device needs
  Nanos step_time = 0;    // predicted
};

struct MemoryAdvice {
  bool too_large = false;  // the job has too many passes to compile alternatives; nothing was tried
  // The predicted step of the job as it is; empty if it does not compile, and then nothing was tried.
  std::optional<Nanos> step_time;
  std::vector<MemorySuggestion> fitting;    // the fastest of each kind of change, fastest first
  std::optional<MemorySuggestion> leanest;  // the least memory of all that was tried
};

// Compiles alternatives: other recomputation, schedules, schedules with recomputation, splits and numbers of
// micro-batches. `job` must be resolved and have devices.memory_gib. `num_processes`: as for CompileJob.
MemoryAdvice AdviseOnMemory(const Backend& backend, const proto::Job& job, int num_processes = 0);

// As "these fit: pipeline.recompute=FULL (7.0 GiB, step +31 %); …", or a sentence that nothing fits. Empty if the job
// does not compile.
std::string DescribeAdvice(const MemoryAdvice& advice);

}  // namespace baton

#endif  // BATON_RUNTIME_PLANNING_MEMORY_ADVICE_H_
