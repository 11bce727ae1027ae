// Loads weights by name, runs the passes and updates of a whole model, and compares.
#include "tests/parity/fixture.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "ops/layers/build.h"
#include "ops/layers/parameter_layout.h"
#include "ops/optimizer/bind.h"
#include "runtime/checkpoint/safetensors.h"

namespace baton {
namespace {

constexpr char kFolder[] = "tests/data/models/";

void Must(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Zeroed memory with the alignment of buffers.
class Memory {
 public:
  explicit Memory(Bytes bytes) : bytes_(bytes + kBufferAlignment) {}
  std::byte* data() { return reinterpret_cast<std::byte*>(AlignUp(reinterpret_cast<intptr_t>(bytes_.data()))); }

 private:
  std::vector<std::byte> bytes_;
};

// The whole model in memory, with its parameters.
class Runner {
 public:
  Runner(const Backend& backend, const ModelSpec& model)
      : layer_(BuildLayer(backend, {SequenceSpec{model.layers}}, model.input_shape).value()),
        specs_(layer_->parameters()),
        layout_(LayOutChunk(specs_, DataType::kFloat32)),
        parameters_(layout_.parameter_bytes),
        gradients_(layout_.gradient_bytes()),
        optimizer_memory_(layout_.optimizer_bytes),
        saved_(layer_->footprint().saved),
        saved_weight_(layer_->footprint().saved_weight),
        stash_(layer_->footprint().stash),
        scratch_(layer_->footprint().scratch) {
    std::vector<OptimizedParameter> located;
    for (size_t i = 0; i < specs_.size(); ++i) {
      located.push_back(
          Locate(specs_[i], layout_.offsets[i], {parameters_.data(), gradients_.data(), optimizer_memory_.data()}));
      const bool is_new = index_of_.emplace(specs_[i].name, i).second;
      if (is_new && !specs_[i].is_statistic) located.back().norm = static_cast<int32_t>(i);
    }
    BindLayer(located, *layer_);
    optimizer_ = backend.CreateOptimizer(located);
  }

  // The elements of a part, in all uses of the parameter if `all_uses`.
  std::vector<float*> Places(const NamedPart& part, bool gradients) {
    std::vector<float*> places;
    for (size_t i = 0; i < specs_.size(); ++i) {
      if (specs_[i].name != part.parameter) continue;
      std::byte* const region = gradients ? gradients_.data() : parameters_.data();
      const Bytes offset = gradients ? layout_.offsets[i].gradients : layout_.offsets[i].values;
      places.push_back(reinterpret_cast<float*>(region + offset) + part.first_row * RowOf(i));
    }
    if (places.empty()) throw std::runtime_error("the model has no parameter " + part.parameter);
    return places;
  }
  int64_t Count(const NamedPart& part) const {
    const size_t index = index_of_.at(part.parameter);
    return part.count == 0 ? specs_[index].shape.NumElements() : part.count;
  }
  size_t NumParameters() const { return index_of_.size(); }

  double Forward(const ParityBatch& batch, bool training) {
    double loss = 0;
    step_.training = training;
    Must(layer_->Forward({}, Buffers(batch, &loss)));
    return loss;
  }

  // Adds up the gradients of tied uses, as a pipeline does before an update.
  void Backward(const ParityBatch& batch) {
    double loss = 0;
    Must(layer_->BackwardInput({}, Buffers(batch, &loss)));
    Must(layer_->BackwardWeight({}, Buffers(batch, &loss)));
    for (const auto& [name, index] : index_of_) {
      const std::vector<float*> uses = Places({"", name}, /*gradients=*/true);
      for (int64_t i = 0; i < specs_[index].shape.NumElements(); ++i) {
        float sum = 0;
        for (const float* use : uses) sum += use[i];
        for (float* use : uses) use[i] = sum;
      }
    }
  }

  // The norm before clipping.
  double Update(int64_t step) {
    UpdateControl control;
    control.learning_rate = 1e-3;
    control.beta2 = 0.95;
    control.weight_decay = 0.1;
    control.clip_norm = 1;
    control.step = step + 1;
    std::vector<double> norms(specs_.size());
    double norm = 0;
    Must(optimizer_->SquaredNorms({}, {}, norms.data(), static_cast<int64_t>(norms.size())));
    Must(optimizer_->Update({}, norms.data(), static_cast<int64_t>(norms.size()), &control, &norm));
    return norm;
  }

 private:
  int64_t RowOf(size_t index) const { return specs_[index].shape.NumElements() / specs_[index].shape[0]; }

  PassBuffers Buffers(const ParityBatch& batch, double* loss) {
    PassBuffers buffers;
    buffers.input = batch.input.data();
    buffers.targets = reinterpret_cast<const std::byte*>(batch.targets.data());
    buffers.saved = saved_.data();
    buffers.saved_weight = saved_weight_.data();
    buffers.stash = stash_.data();
    buffers.scratch = scratch_.data();
    buffers.loss = loss;
    buffers.step = &step_;
    return buffers;
  }

  const std::unique_ptr<Layer> layer_;
  const std::vector<ParameterSpec> specs_;
  const ChunkLayout layout_;
  Memory parameters_, gradients_, optimizer_memory_, saved_, saved_weight_, stash_, scratch_;
  std::map<std::string, size_t> index_of_;  // the first use of each parameter
  std::unique_ptr<Optimizer> optimizer_;
  StepContext step_;
};

void LoadWeights(const ParityCase& parity_case, Runner& runner) {
  const std::string path = std::string(kFolder) + parity_case.folder + "/model.safetensors";
  const std::unique_ptr<SafetensorsFile> file = SafetensorsFile::Open(path).value();
  std::map<std::string, Shape> shapes;
  for (const StoredTensor& tensor : file->tensors()) shapes[tensor.name] = Shape(DataType::kFloat32, tensor.extents);
  for (const NamedPart& part : parity_case.names) {
    INFO(part.tensor << " " << part.parameter);
    const Shape shape = shapes.at(part.tensor);
    REQUIRE(shape.NumElements() == runner.Count(part));
    std::vector<std::byte> values(shape.NumBytes());
    Must(file->Read(part.tensor, shape, values.data()));
    for (float* place : runner.Places(part, /*gradients=*/false)) std::memcpy(place, values.data(), values.size());
  }
}

void CheckNear(double actual, double expected, double margin = 0) {
  CHECK(actual == Approx(expected).epsilon(1e-4).margin(margin));
}

}  // namespace

nlohmann::json ExpectedOf(const std::string& folder) {
  return nlohmann::json::parse(ReadFile(kFolder + folder + "/expected.json"));
}

std::vector<std::byte> ReadNpy(const std::string& path) {
  const std::string file = ReadFile(kFolder + path);
  const size_t header = 10 + static_cast<uint8_t>(file.at(8)) + 256 * static_cast<uint8_t>(file.at(9));
  std::vector<std::byte> elements(file.size() - header);
  std::memcpy(elements.data(), file.data() + header, elements.size());
  return elements;
}

ParityRun RunCase(const Backend& backend, const ParityCase& parity_case, int steps) {
  Runner runner(backend, parity_case.model);
  LoadWeights(parity_case, runner);
  ParityRun run;
  run.loss_evaluated = runner.Forward(parity_case.batches[0], /*training=*/false);
  for (int step = 0; step < steps; ++step) {
    const ParityBatch& batch = parity_case.batches[step % parity_case.batches.size()];
    run.losses.push_back(runner.Forward(batch, /*training=*/true));
    runner.Backward(batch);
    if (step == 0) {
      for (const NamedPart& part : parity_case.names) {
        const float* gradient = runner.Places(part, /*gradients=*/true).front();
        double sum = 0;
        for (int64_t i = 0; i < runner.Count(part); ++i) sum += static_cast<double>(gradient[i]) * gradient[i];
        run.grad_norms[part.tensor] = std::sqrt(sum);
      }
    }
    run.norms.push_back(runner.Update(step));
  }
  run.loss = run.losses.front();
  for (const NamedPart& part : parity_case.names) {
    const float* values = runner.Places(part, /*gradients=*/false).front();
    run.weights[part.tensor].assign(values, values + runner.Count(part));
  }
  return run;
}

void CheckAgainstExpected(const ParityRun& run, const nlohmann::json& expected) {
  CheckNear(run.loss, expected["loss"]);
  if (expected.contains("eval_mode")) CheckNear(run.loss_evaluated, expected["eval_mode"]["loss"]);
  // Some gradients are 0 in exact arithmetic.
  const double margin = 1e-6 * expected["grad_norm_global"].get<double>();
  for (const auto& [tensor, norm] : expected["grad_norms"].items()) {
    CAPTURE(tensor);
    REQUIRE(run.grad_norms.count(tensor) == 1);
    CheckNear(run.grad_norms.at(tensor), norm, margin);
  }
  const nlohmann::json& train = expected["train"];
  REQUIRE(run.losses.size() == train["loss"].size());
  for (size_t step = 0; step < run.losses.size(); ++step) {
    CAPTURE(step);
    CheckNear(run.losses[step], train["loss"][step]);
    CheckNear(run.norms[step], train["grad_norm"][step]);
  }
  if (!expected.contains("after_training")) return;
  for (const auto& [tensor, values] : expected["after_training"].items()) {
    if (run.weights.count(tensor) == 0) continue;
    for (size_t i = 0; i < values.size(); ++i) {
      CAPTURE(tensor, i);
      CheckNear(run.weights.at(tensor)[i], values[i], 1e-5);
    }
  }
}

}  // namespace baton
