// A small job on CUDA devices that the stand-in emulates, and how the tests of CUDA training run it.
#ifndef BATON_TESTS_E2E_CUDA_JOB_H_
#define BATON_TESTS_E2E_CUDA_JOB_H_

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "tests/cuda_stand_in/stand_in.h"
#include "tests/testing/jobs.h"

namespace baton {

// Small, since each thread of a kernel is a fiber.
inline constexpr char kTinyGpt[] = R"(
  name: "tiny"
  model { gpt2 { layers: 4 width: 8 heads: 2 context: 4 vocabulary: 256 } }
  data { text: "tests/data/handbook.txt" held_out: 0.02 }
  batch { sequences: 4 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 weight_decay: 0.1 } clip_norm: 1.0 warmup_steps: 1 decay: COSINE }
  run { steps: 3 }
  devices { backend: CUDA })";

// The machine of one test case. `closed`: the host cannot access device memory; takes time.
class FakeGpus {
 public:
  FakeGpus(int count, uint64_t seed, bool closed = false) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(count);
    stand_in::SetWorkOrder(seed);
    stand_in::CloseDeviceMemory(closed);
  }
  ~FakeGpus() {
    stand_in::CloseDeviceMemory(false);
    stand_in::SetNumGpus(1);
    CHECK(stand_in::NumAllocations() == 0);
    CHECK(stand_in::NumStreams() == 0);
    CHECK(stand_in::NumEvents() == 0);
    CHECK(stand_in::LastFault().empty());
  }
};

// All steps of `job`, and its weights.
inline Outcome Run(const proto::Job& job, bool graphs, bool traces = true) {
  const auto run = TrainingSession::Create(job, WithGraphs(graphs)).value();
  Outcome outcome;
  for (int64_t step = 0; step < job.run().steps(); ++step) {
    const StepResult result = run->Step(step, traces).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
  const std::vector<TensorToWrite> weights = run->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    outcome.weights.emplace(tensor.name, std::vector<std::byte>(tensor.data, tensor.data + tensor.shape.NumBytes()));
  }
  return outcome;
}

// One stage without a graph. Its first call has a machine of its own, so it comes before a test makes one.
inline const Outcome& Unsplit() {
  static const Outcome* const outcome = [] {
    const FakeGpus gpus(1, 0);
    return new Outcome(Run(MakeJob(kTinyGpt, {"pipeline.stages=1", "pipeline.schedule=naive"}), /*graphs=*/false));
  }();
  return *outcome;
}

}  // namespace baton

#endif  // BATON_TESTS_E2E_CUDA_JOB_H_
