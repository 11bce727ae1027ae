// An MLP on the stand-in for CUDA, whose kernels take their time.
#include "tests/cuda_stand_in/stand_in.h"
#include "tests/faults/fault_job.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

constexpr char kMlp[] = R"(
  model { mlp { sizes: [20, 16, 12, 10] } }
  data { clusters { examples: 100 } }
  batch { sequences: 6 micro_batches: 3 }
  optimizer { clip_norm: 1.0 }
  pipeline { stages: 2 schedule: "zb-h1" }
  devices { backend: CUDA }
  run { steps: 3 })";

}  // namespace

proto::Job FaultJob(const std::vector<std::string>& overrides) {
  static uint64_t seed = 0;
  stand_in::ResetMachine();
  stand_in::SetNumGpus(1 + static_cast<int>(seed % 2));
  stand_in::SetWorkOrder(++seed);
  return MakeJob(kMlp, overrides);
}

}  // namespace baton
