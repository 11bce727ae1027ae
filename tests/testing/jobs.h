// Small jobs for tests, and the result of running them.
#ifndef BATON_TESTS_TESTING_JOBS_H_
#define BATON_TESTS_TESTING_JOBS_H_

#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "proto/job.pb.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/train/session.h"

namespace baton {

// An 8-layer GPT on a text of this repository, small enough for hundreds of runs.
inline constexpr char kSmallGpt[] = R"(
  name: "small"
  model { gpt2 { layers: 8 width: 16 heads: 2 context: 12 vocabulary: 256 } }
  data { text: "tests/data/handbook.txt" held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 weight_decay: 0.1 } clip_norm: 1.0 warmup_steps: 2 decay: COSINE }
  run { steps: 4 }
)";

// `text` with overrides, resolved. An invalid job throws, which fails the test.
inline proto::Job MakeJob(const std::string& text, const std::vector<std::string>& overrides = {}) {
  proto::Job job = ParseJob(text, "test").value();
  for (const std::string& assignment : overrides) {
    const absl::Status status = ApplyOverride(job, assignment);
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }
  return ResolveJob(std::move(job)).value();
}

inline SessionOptions WithGraphs(bool graphs) {
  SessionOptions options;
  options.graphs = graphs;
  return options;
}

// The results of a run of all its steps. Two are equal only if every bit is.
struct Outcome {
  std::vector<double> losses;
  std::vector<double> gradient_norms;
  std::map<std::string, std::vector<std::byte>> weights;

  friend bool operator==(const Outcome& a, const Outcome& b) {
    return a.losses == b.losses && a.gradient_norms == b.gradient_norms && a.weights == b.weights;
  }
};

inline Outcome RunToTheEnd(const proto::Job& job, const TransportModel& transport = {}) {
  SessionOptions options;
  options.transport = transport;
  const std::unique_ptr<TrainingSession> run = TrainingSession::Create(job, options).value();
  Outcome outcome;
  for (int64_t step = 0; step < job.run().steps(); ++step) {
    const StepResult result = run->Step(step).value();
    outcome.losses.push_back(result.loss);
    outcome.gradient_norms.push_back(result.gradient_norm);
  }
  const std::vector<TensorToWrite> weights = run->Weights().value();
  for (const TensorToWrite& tensor : weights) {
    std::vector<std::byte> bytes(tensor.data, tensor.data + tensor.shape.NumBytes());
    outcome.weights.emplace(tensor.name, std::move(bytes));
  }
  return outcome;
}

// The norm of a − b beside that of a, over all weights. Throws, which fails the test, if they differ in names or sizes.
inline double Distance(const Outcome& a, const Outcome& b) {
  if (a.weights.size() != b.weights.size()) throw std::runtime_error("other weights");
  double difference = 0;
  double size = 0;
  for (const auto& [name, bytes] : a.weights) {
    const std::vector<std::byte>& others = b.weights.at(name);
    if (others.size() != bytes.size()) throw std::runtime_error("another size of " + name);
    for (size_t offset = 0; offset < bytes.size(); offset += sizeof(float)) {
      float x = 0;
      float y = 0;
      std::memcpy(&x, &bytes[offset], sizeof x);
      std::memcpy(&y, &others[offset], sizeof y);
      difference += (double{x} - y) * (double{x} - y);
      size += double{x} * x;
    }
  }
  return std::sqrt(difference / size);
}

}  // namespace baton

#endif  // BATON_TESTS_TESTING_JOBS_H_
