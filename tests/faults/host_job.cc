// A GPT with tied weights on the host.
#include "tests/faults/fault_job.h"
#include "tests/testing/jobs.h"

namespace baton {

proto::Job FaultJob(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"model.gpt2.layers=3", "batch.sequences=3", "batch.micro_batches=3",
                                  "pipeline.stages=2", "pipeline.schedule=zb-h1"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return MakeJob(kSmallGpt, all);
}

}  // namespace baton
