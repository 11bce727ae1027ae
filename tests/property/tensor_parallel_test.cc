// The members of a tensor-parallel group, side by side, compute the loss and all gradients of the unsplit model.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "ops/host/host_backend.h"
#include "ops/layers/build.h"
#include "ops/layers/token_ids.h"
#include "ops/models/bert/bert.h"
#include "ops/models/gpt2/gpt2.h"
#include "ops/models/initialize.h"
#include "ops/models/llama/llama.h"
#include "ops/models/mlp/mlp.h"
#include "ops/models/vit/vit.h"
#include "ops/reference/reference_backend.h"
#include "ops/tensor_parallel/member_model.h"
#include "runtime/transport/local/local_member_meeting.h"

namespace baton {
namespace {

constexpr int kMicroBatches = 2;

using Values = std::vector<double>;

struct Buffer {
  explicit Buffer(Bytes bytes)
      : bytes(bytes), data(static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, AlignUp(bytes + 1)))) {
    std::memset(data.get(), 0xAB, bytes);
  }
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  Bytes bytes;
  std::unique_ptr<std::byte, Free> data;
};

// The results of the unsplit model, or of one member.
struct Run {
  absl::Status status;
  double loss = 0;
  std::map<std::string, ParameterSpec> specs;
  std::map<std::string, Values> gradients;  // tied uses added
};

// f32 or f64.
double Get(DataType type, const std::byte* values, int64_t i) {
  return type == DataType::kFloat64 ? reinterpret_cast<const double*>(values)[i]
                                    : reinterpret_cast<const float*>(values)[i];
}
void Set(DataType type, double value, int64_t i, std::byte* values) {
  if (type == DataType::kFloat64) {
    reinterpret_cast<double*>(values)[i] = value;
  } else {
    reinterpret_cast<float*>(values)[i] = static_cast<float>(value);
  }
}

// Normal values keyed by `name`. All parameters are random, so that a lost bias or norm shows.
std::vector<float> RandomValues(const std::string& name, double deviation, int64_t count) {
  std::vector<float> values(count);
  InitializeParameter(/*seed=*/7, name, {Initializer::Kind::kNormal, deviation}, count, values.data());
  return values;
}

void FillParameter(const ParameterSpec& spec, std::byte* values) {
  const Shape whole = WholeShape(spec.slice, spec.shape);
  const std::vector<float> random = RandomValues(spec.name, spec.shape.rank() == 1 ? 0.5 : 0.3, whole.NumElements());
  Buffer all(whole.NumBytes());
  for (int64_t i = 0; i < whole.NumElements(); ++i) Set(whole.type(), random[i], i, all.data.get());
  CopyOutOfWhole(spec.slice, spec.shape, all.data.get(), values);
}

void FillInputs(const ModelSpec& model, int64_t ids, int64_t classes, int micro_batch, Buffer& input, Buffer& targets) {
  const Shape& shape = model.input_shape;
  const std::string name = std::to_string(micro_batch);
  const std::vector<float> random = RandomValues("input " + name, 1, shape.NumElements());
  for (int64_t i = 0; i < shape.NumElements(); ++i) {
    if (shape.type() != DataType::kInt32) {
      Set(shape.type(), random[i], i, input.data.get());
    } else {
      reinterpret_cast<int32_t*>(input.data.get())[i] = static_cast<int32_t>(std::fabs(random[i]) * 1e4) % ids;
    }
  }
  const std::vector<float> classes_of = RandomValues("targets " + name, 1, model.targets_shape.NumElements());
  for (int64_t i = 0; i < model.targets_shape.NumElements(); ++i) {
    reinterpret_cast<int32_t*>(targets.data.get())[i] =
        i % 5 == 3 ? kIgnoredTarget : static_cast<int32_t>(std::fabs(classes_of[i]) * 1e4) % classes;
  }
}

struct Case {
  std::string name;
  ModelSpec model;
  int64_t ids = 0;  // of the input
  int64_t classes = 0;
};

// All passes of all micro-batches of `model`.
Run RunModel(const Backend& backend, const Case& each, const ModelSpec& model, MemberGroup* members) {
  Run run;
  const auto build = BuildLayer(backend, LayerSpec{SequenceSpec{model.layers}}, model.input_shape);
  run.status = build.status();
  if (!run.status.ok()) return run;
  Layer& layer = **build;
  std::vector<std::unique_ptr<Buffer>> memory;
  const auto make = [&](Bytes bytes) { return memory.emplace_back(std::make_unique<Buffer>(bytes))->data.get(); };
  std::vector<std::byte*> values, gradients;
  for (const ParameterSpec& spec : layer.parameters()) {
    values.push_back(make(spec.shape.NumBytes()));
    FillParameter(spec, values.back());
    gradients.push_back(make(spec.shape.NumBytes()));
    std::memset(gradients.back(), 0, spec.shape.NumBytes());
  }
  layer.BindParameters(values, gradients);
  const Footprint footprint = layer.footprint();
  const StepContext step{/*training=*/true, /*seed=*/3, /*step=*/1};
  Buffer input(model.input_shape.NumBytes()), targets(model.targets_shape.NumBytes());
  PassBuffers buffers;
  buffers.saved = make(footprint.saved);
  buffers.saved_weight = make(footprint.saved_weight);
  buffers.recomputed = make(footprint.recomputed);
  buffers.recomputed_weight = make(footprint.recomputed_weight);
  buffers.stash = make(footprint.stash);
  buffers.scratch = make(footprint.scratch);
  buffers.step = &step;
  buffers.members = members;
  buffers.input = input.data.get();
  buffers.targets = targets.data.get();
  for (int micro_batch = 0; micro_batch < kMicroBatches; ++micro_batch) {
    FillInputs(model, each.ids, each.classes, micro_batch, input, targets);
    double loss = 0;
    buffers.loss = &loss;
    buffers.first_sequence = micro_batch * model.input_shape[0];
    for (const auto pass : {&Layer::Forward, &Layer::Recompute, &Layer::BackwardInput, &Layer::BackwardWeight}) {
      run.status = (layer.*pass)({}, buffers);
      if (!run.status.ok()) return run;
    }
    run.loss += loss;
  }
  const std::vector<ParameterSpec> parameters = layer.parameters();
  for (size_t p = 0; p < parameters.size(); ++p) {
    const ParameterSpec& spec = parameters[p];
    run.specs.emplace(spec.name, spec);
    Values& sum = run.gradients[spec.name];
    sum.resize(spec.shape.NumElements());
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += Get(spec.shape.type(), gradients[p], i);
  }
  return run;
}

std::vector<Run> RunMembers(const Backend& backend, const Case& each, int num_members, bool slices_rows) {
  LocalMemberMeeting meeting(num_members);
  std::vector<Run> runs(num_members);
  std::vector<std::thread> threads;
  for (int member = 0; member < num_members; ++member) {
    threads.emplace_back([&, member] {
      const auto part = MemberModel(each.model, num_members, member, slices_rows);
      runs[member].status = part.status();
      if (part.ok()) runs[member] = RunModel(backend, each, *part, &meeting.group(member));
      if (!runs[member].status.ok()) meeting.Cancel();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return runs;
}

// The largest difference, relative to the largest value.
double Difference(const Values& a, const Values& b) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(a[i]));
    difference = std::max(difference, std::fabs(a[i] - b[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}

// The whole gradient, from the members' parts.
Values Join(const std::vector<Run>& runs, const std::string& name) {
  const ParameterSpec& first = runs.front().specs.at(name);
  const Shape whole = Shape(DataType::kFloat64, WholeShape(first.slice, first.shape).extents());
  Values joined(whole.NumElements());
  for (const Run& run : runs) {
    const ParameterSpec& spec = run.specs.at(name);
    CopyIntoWhole(spec.slice, Shape(DataType::kFloat64, spec.shape.extents()),
                  reinterpret_cast<const std::byte*>(run.gradients.at(name).data()),
                  reinterpret_cast<std::byte*>(joined.data()));
  }
  return joined;
}

// Whether rows of padding have no gradient.
bool IsPaddingZero(const Run& run, const std::string& name) {
  const ParameterSpec& spec = run.specs.at(name);
  const Shape part = Shape(DataType::kFloat64, spec.shape.extents());
  const Values& gradient = run.gradients.at(name);
  Values whole(WholeShape(spec.slice, part).NumElements()), without(gradient.size());
  CopyIntoWhole(spec.slice, part, reinterpret_cast<const std::byte*>(gradient.data()),
                reinterpret_cast<std::byte*>(whole.data()));
  CopyOutOfWhole(spec.slice, part, reinterpret_cast<const std::byte*>(whole.data()),
                 reinterpret_cast<std::byte*>(without.data()));
  return gradient == without;
}

void CheckMembers(const Backend& backend, const Case& each, int num_members, bool slices_rows, double tolerance) {
  CAPTURE(backend.name(), each.name, num_members, slices_rows);
  const Run whole = RunModel(backend, each, each.model, nullptr);
  REQUIRE(whole.status == absl::OkStatus());
  const std::vector<Run> runs = RunMembers(backend, each, num_members, slices_rows);
  for (const Run& run : runs) {
    REQUIRE(run.status == absl::OkStatus());
    CHECK(run.loss == runs.front().loss);
    CHECK(std::fabs(run.loss - whole.loss) <= tolerance * std::fabs(whole.loss));
    REQUIRE(run.gradients.size() == whole.gradients.size());
  }
  int num_sliced = 0;
  for (const auto& [name, gradient] : whole.gradients) {
    CAPTURE(name);
    if (!runs.front().specs.at(name).slice.IsWhole()) {
      ++num_sliced;
    } else {
      for (const Run& run : runs) CHECK(run.gradients.at(name) == runs.front().gradients.at(name));
    }
    CHECK(Difference(gradient, Join(runs, name)) <= tolerance);
    for (const Run& run : runs) CHECK(IsPaddingZero(run, name));
  }
  CHECK(num_sliced > 2);
  const std::vector<Run> again = RunMembers(backend, each, num_members, slices_rows);
  for (int member = 0; member < num_members; ++member) {
    CHECK(again[member].loss == runs[member].loss);
    CHECK(again[member].gradients == runs[member].gradients);
  }
}

Case Gpt2Case(bool tied, RecomputeMode recompute, int64_t vocabulary = 12) {
  Gpt2Options options{2, 16, 4, 6, vocabulary};
  options.tied = tied;
  options.dropout = {0.1, 0.1, 0.1};
  Case each{tied ? "gpt2" : "gpt2, untied", Gpt2Model(options, 2, 4).value(), vocabulary, vocabulary};
  for (LayerSpec& layer : each.model.layers) layer.recompute = recompute;
  return each;
}

// The layers one by one, each recomputed by itself, and a feed-forward layer without a residual.
Case ListedCase() {
  Case each = Gpt2Case(/*tied=*/false, RecomputeMode::kNone);
  std::vector<LayerSpec> listed;
  for (const LayerSpec& layer : each.model.layers) {
    const std::vector<LayerSpec>& inner = std::get<SequenceSpec>(layer.kind).layers;
    listed.insert(listed.end(), inner.begin(), inner.end());
  }
  LinearSpec up, down;
  up.name = "up";
  down.name = "down";
  up.inputs = down.outputs = 16;
  up.outputs = down.inputs = 24;
  const auto norm_head_loss = listed.end() - 3;
  listed.insert(norm_head_loss, {{up}, {ActivationSpec{}}, {down}});
  for (LayerSpec& layer : listed) layer.recompute = RecomputeMode::kFull;
  each.model.layers = listed;
  each.name = "listed";
  return each;
}

Case LlamaCase(int64_t vocabulary) {
  LlamaOptions options;
  options.layers = 2;
  options.width = 12;
  options.heads = 8;
  options.key_value_heads = 4;
  options.head_width = 4;
  options.feed_forward = 20;
  options.vocabulary = vocabulary;
  options.sequence = 6;
  options.query_key_value_bias = options.feed_forward_bias = options.query_key_norm = true;
  return {"llama", LlamaModel(options, 2, 4).value(), vocabulary, vocabulary};
}

Case BertCase(int64_t vocabulary) {
  BertOptions options;
  options.layers = 2;
  options.width = 16;
  options.heads = 4;
  options.feed_forward = 24;
  options.positions = options.context = 6;
  options.vocabulary = vocabulary;
  options.predicted = 2;
  return {"bert", BertModel(options, 2, 4).value(), 2 * vocabulary, vocabulary};
}

Case VitCase(int64_t classes) {
  VitOptions options;
  options.layers = 2;
  options.width = 16;
  options.heads = 4;
  options.feed_forward = 24;
  options.height = options.image_width = 8;
  options.patch = 4;
  options.classes = classes;
  return {"vit", VitModel(options, 4, 8).value(), 0, classes};
}

Case MlpCase(int64_t classes) { return {"mlp", MlpModel({{24, 16, 12, classes}}, 4, 8).value(), 0, classes}; }

std::vector<Case> Cases() {
  return {Gpt2Case(/*tied=*/true, RecomputeMode::kNone),
          Gpt2Case(/*tied=*/false, RecomputeMode::kAttention),
          Gpt2Case(/*tied=*/true, RecomputeMode::kFull),
          ListedCase(),
          LlamaCase(/*vocabulary=*/16),
          BertCase(/*vocabulary=*/20),
          VitCase(/*classes=*/8),
          MlpCase(/*classes=*/8)};
}

// Models whose tokens and classes 2 and 4 do not divide.
std::vector<Case> PaddedCases() {
  return {Gpt2Case(/*tied=*/true, RecomputeMode::kNone, /*vocabulary=*/13),
          Gpt2Case(/*tied=*/false, RecomputeMode::kFull, /*vocabulary=*/11),
          LlamaCase(/*vocabulary=*/17),
          BertCase(/*vocabulary=*/19),
          VitCase(/*classes=*/5),
          MlpCase(/*classes=*/7)};
}

std::vector<Case> AllCases() {
  std::vector<Case> all = Cases();
  for (Case& each : PaddedCases()) all.push_back(std::move(each));
  return all;
}

}  // namespace

void CheckAll(const Backend& backend, DataType type, bool slices_rows, double tolerance) {
  for (Case each : AllCases()) {
    if (slices_rows && each.name == "mlp") continue;  // has no attention
    Shape& input = each.model.input_shape;
    if (input.type() != DataType::kInt32) input = Shape(type, input.extents());
    for (const int num_members : {2, 4}) CheckMembers(backend, each, num_members, slices_rows, tolerance);
  }
}

TEST_CASE("members of the host compute the loss and gradients of the unsplit model") {
  CheckAll(HostBackend(/*threads=*/1), DataType::kFloat32, /*slices_rows=*/false, 1e-5);
}

TEST_CASE("members of the reference in f64 compute the same but for rounding") {
  CheckAll(ReferenceBackend(DataType::kFloat64), DataType::kFloat64, /*slices_rows=*/false, 1e-12);
}

// The rows of 2 sequences of 6 over 4 members: a slice begins within a sequence, and dropout within its blocks.
TEST_CASE("so do members that have slices of rows between the cut layers") {
  CheckAll(HostBackend(/*threads=*/1), DataType::kFloat32, /*slices_rows=*/true, 1e-5);
  CheckAll(ReferenceBackend(DataType::kFloat64), DataType::kFloat64, /*slices_rows=*/true, 1e-12);
}

}  // namespace baton
