// A model whose weights, batch and exact numbers PyTorch made, in tests/data/models; and a run of it by the layers of a
// backend. Used by the parity tests.
#ifndef BATON_TESTS_PARITY_FIXTURE_H_
#define BATON_TESTS_PARITY_FIXTURE_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ops/backend.h"
#include "ops/layers/spec.h"

namespace baton {

// The elements of a tensor of the file are those of a parameter from `first_row` on. Shapes may differ if the elements
// have the same order.
struct NamedPart {
  std::string tensor;
  std::string parameter;
  int64_t first_row = 0;
  int64_t count = 0;  // of elements; 0: those of the whole parameter
};

// The inputs and targets of one micro-batch.
struct ParityBatch {
  std::vector<std::byte> input;
  std::vector<int32_t> targets;
};

struct ParityCase {
  std::string folder;  // in tests/data/models
  ModelSpec model;
  std::vector<NamedPart> names;
  std::vector<ParityBatch> batches;  // training step s uses batch s mod their number
};

// The contents of expected.json.
nlohmann::json ExpectedOf(const std::string& folder);
// The elements behind the header of a NumPy file of 4-byte numbers. `path`: in tests/data/models.
std::vector<std::byte> ReadNpy(const std::string& path);

struct ParityRun {
  double loss = 0;                           // of the first batch
  double loss_evaluated = 0;                 // of the first batch, in an evaluation
  std::map<std::string, double> grad_norms;  // of the first batch, by tensor
  std::vector<double> losses;                // of the training steps, before each update
  std::vector<double> norms;
  std::map<std::string, std::vector<float>> weights;  // after the steps, by tensor
};

// Runs the case's model: loss and gradients, then `steps` steps of the AdamW that the fixtures were made with.
// Throws if anything fails, which fails the test.
ParityRun RunCase(const Backend& backend, const ParityCase& parity_case, int steps);

// Checks all numbers of expected.json that a run has, within 1e-4 of PyTorch's.
void CheckAgainstExpected(const ParityRun& run, const nlohmann::json& expected);

}  // namespace baton

#endif  // BATON_TESTS_PARITY_FIXTURE_H_
