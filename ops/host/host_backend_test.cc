// Properties of the host backend that the conformance suite does not cover: the number of threads of a call, layers
// that run at the same time, and errors for types other than f32.
#include "ops/host/host_backend.h"

#include <omp.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "ops/models/initialize.h"

namespace baton {
namespace {

// A linear layer with its memory, large enough that oneDNN would use several threads by default.
class LinearRun {
 public:
  static constexpr int64_t kRows = 384;
  static constexpr int64_t kInputs = 256;
  static constexpr int64_t kOutputs = 320;

  explicit LinearRun(int threads = 1) {
    LinearSpec spec;
    spec.name = "linear";
    spec.inputs = kInputs;
    spec.outputs = kOutputs;
    layer_ = HostBackend(threads).Create({spec}, Shape(DataType::kFloat32, {kRows, kInputs})).value();
    scratch_ = Floats(layer_->footprint().scratch / 4, "");
    weight_ = Floats(kOutputs * kInputs, "weight");
    bias_ = Floats(kOutputs, "bias");
    weight_gradient_ = Floats(kOutputs * kInputs, "");
    bias_gradient_ = Floats(kOutputs, "");
    input_ = Floats(kRows * kInputs, "input");
    output_ = Floats(kRows * kOutputs, "");
    grad_output_ = Floats(kRows * kOutputs, "grad_output");
    grad_input_ = Floats(kRows * kInputs, "");
    layer_->BindParameters({Bytes(weight_), Bytes(bias_)}, {Bytes(weight_gradient_), Bytes(bias_gradient_)});
  }

  void Run() {
    PassBuffers buffers;
    buffers.input = Bytes(input_);
    buffers.output = Bytes(output_);
    buffers.grad_output = Bytes(grad_output_);
    buffers.grad_input = Bytes(grad_input_);
    buffers.scratch = Bytes(scratch_);
    ok_ = layer_->Forward({}, buffers).ok() && layer_->BackwardInput({}, buffers).ok() &&
          layer_->BackwardWeight({}, buffers).ok();
  }

  bool Equals(const LinearRun& other) const {
    const auto same = [](const Memory& a, const Memory& b, int64_t count) {
      return std::memcmp(a.get(), b.get(), count * sizeof(float)) == 0;
    };
    return ok_ && other.ok_ && same(output_, other.output_, kRows * kOutputs) &&
           same(grad_input_, other.grad_input_, kRows * kInputs) &&
           same(weight_gradient_, other.weight_gradient_, kOutputs * kInputs) &&
           same(bias_gradient_, other.bias_gradient_, kOutputs);
  }

  bool IsNear(const LinearRun& other) const {
    for (int64_t i = 0; i < kOutputs * kInputs; ++i) {
      if (std::abs(weight_gradient_.get()[i] - other.weight_gradient_.get()[i]) > 1e-3) return false;
    }
    for (int64_t i = 0; i < kRows * kOutputs; ++i) {
      if (std::abs(output_.get()[i] - other.output_.get()[i]) > 1e-3) return false;
    }
    return ok_ && other.ok_;
  }

 private:
  struct Freer {
    void operator()(float* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<float, Freer>;

  static std::byte* Bytes(const Memory& memory) { return reinterpret_cast<std::byte*>(memory.get()); }

  // Random numbers keyed by `name`; zeros if `name` is empty.
  static Memory Floats(int64_t count, const char* name) {
    const size_t bytes = AlignUp((count + 1) * sizeof(float));
    Memory memory(static_cast<float*>(std::aligned_alloc(kBufferAlignment, bytes)));
    const auto kind = *name == '\0' ? Initializer::Kind::kZeros : Initializer::Kind::kUniform;
    InitializeParameter(1, name, {kind, 1.0}, count, memory.get());
    return memory;
  }

  std::unique_ptr<Layer> layer_;
  Memory scratch_, weight_, bias_, weight_gradient_, bias_gradient_, input_, output_, grad_output_, grad_input_;
  bool ok_ = false;
};

}  // namespace

TEST_CASE("the caller's number of OpenMP threads does not change the bits and is not changed") {
  LinearRun expected;
  expected.Run();
  const int previous = omp_get_max_threads();
  for (const int threads : {1, 3, 8}) {
    omp_set_num_threads(threads);
    LinearRun run;
    run.Run();
    CHECK(omp_get_max_threads() == threads);
    CHECK(run.Equals(expected));
  }
  omp_set_num_threads(previous);
}

TEST_CASE("a backend with two threads gives the same bits each time, and one thread's numbers except for rounding") {
  LinearRun first(2), second(2), alone(1);
  first.Run();
  second.Run();
  alone.Run();
  CHECK(first.Equals(second));
  CHECK(first.IsNear(alone));
}

TEST_CASE("layers made on one thread may run at the same time on other threads") {
  LinearRun expected;
  expected.Run();
  for (int repetition = 0; repetition < 5; ++repetition) {
    LinearRun runs[3];
    std::vector<std::thread> threads;
    for (LinearRun& run : runs) threads.emplace_back([&run] { run.Run(); });
    for (std::thread& thread : threads) thread.join();
    for (const LinearRun& run : runs) CHECK(run.Equals(expected));
  }
}

TEST_CASE("an update that rounds has the same bits for every number of threads") {
  constexpr int64_t kCount = 300'007;
  const auto update_by = [&](int threads) {
    std::vector<float> values(kCount), gradients(kCount), first(kCount), second(kCount);
    InitializeParameter(1, "values", {Initializer::Kind::kNormal, 1.0}, kCount, values.data());
    InitializeParameter(1, "gradients", {Initializer::Kind::kNormal, 1.0}, kCount, gradients.data());
    OptimizedParameter parameter;
    parameter.values = reinterpret_cast<std::byte*>(values.data());
    parameter.gradients = reinterpret_cast<std::byte*>(gradients.data());
    parameter.first_moment = reinterpret_cast<std::byte*>(first.data());
    parameter.second_moment = reinterpret_cast<std::byte*>(second.data());
    parameter.num_elements = kCount;
    parameter.rounds = true;
    parameter.rounding_key = 3;
    UpdateControl control;
    control.learning_rate = 1e-3;
    double norm = 0;
    REQUIRE(HostBackend(threads).CreateOptimizer({parameter})->Update({}, nullptr, 0, &control, &norm).ok());
    return values;
  };
  const std::vector<float> expected = update_by(1);
  CHECK(update_by(2) == expected);
  CHECK(update_by(5) == expected);
}

TEST_CASE("types other than f32 are InvalidArgument") {
  const HostBackend backend;
  const DataType f64 = DataType::kFloat64;
  LinearSpec linear;
  linear.name = "linear";
  linear.inputs = 4;
  linear.outputs = 2;
  LayerNormSpec norm;
  norm.name = "norm";
  norm.width = 4;
  const absl::Status statuses[] = {
      backend.Create({linear}, Shape(f64, {3, 4})).status(),
      backend.Create({norm}, Shape(f64, {3, 4})).status(),
      backend.Create({ActivationSpec{ActivationKind::kRelu}}, Shape(f64, {3, 4})).status(),
      backend.Create({AttentionSpec{1, 4}}, Shape(f64, {1, 3, 12})).status(),
      backend.Create({CrossEntropySpec{4, 3}}, Shape(f64, {3, 4})).status(),
      backend.Add({}, Shape(f64, {3}), nullptr, nullptr, nullptr),
  };
  for (const absl::Status& status : statuses) {
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(status.message()), Catch::Contains("is not f32"));
  }
}

}  // namespace baton
