// Owns the buffers of a run and makes its calls in order.
#include "tests/conformance/layer_run.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "base/status.h"
#include "ops/layers/build.h"
#include "tests/conformance/guarded_buffer.h"

namespace baton {
namespace {

using Buffer = std::unique_ptr<GuardedBuffer>;

// The buffers of one micro-batch; null if the layer does not use them.
struct MicroBatchBuffers {
  Buffer input, targets, output, saved, saved_weight, stash, grad_output, grad_input, recomputed, recomputed_weight;
  int64_t first_sequence = 0;
};

// One run. Lifecycle: Create, then Forward, BackwardInput and BackwardWeight of every micro-batch.
class Runner {
 public:
  Runner(const BackendUnderTest& under_test, std::unique_ptr<Layer> layer, const LayerRunOptions& options)
      : under_test_(under_test), layer_(std::move(layer)), options_(options) {}

  void Prepare(const LayerData& data) {
    type_ = under_test_.backend->precision() == DataType::kBFloat16 ? DataType::kBFloat16
            : layer_->input_shape().type() == DataType::kInt32      ? layer_->parameters().front().shape.type()
                                                                    : layer_->input_shape().type();
    const Bytes scratch = layer_->footprint().scratch;
    scratch_ = Make("scratch", options_.whole_backward ? std::max(scratch, layer_->backward_scratch()) : scratch);
    step_ = Make("step", sizeof(StepContext));
    new (step_->data()) StepContext{!options_.evaluates, /*seed=*/3, /*step=*/2};
    step_->Freeze();
    std::vector<std::byte*> values;
    std::vector<std::byte*> gradients;
    for (const ParameterSpec& parameter : layer_->parameters()) {
      Buffer& value = values_[parameter.name];
      Buffer& gradient = gradients_[parameter.name];
      if (value == nullptr) {
        value = Make(parameter.name, parameter.shape.NumElements() * SizeOf(type_));
        value->WriteFloats(type_, data.parameters.at(parameter.name));
        value->Freeze();
        gradient = Make(parameter.name + " gradient", parameter.shape.NumBytes());
        gradient_type_ = parameter.shape.type();
        gradient->WriteFloats(gradient_type_, std::vector<double>(parameter.shape.NumElements(), kInitialGradient));
        gradient->Freeze();
      }
      values.push_back(value->data());
      gradients.push_back(gradient->data());
    }
    layer_->BindParameters(values, gradients);
    for (const MicroBatchData& micro_batch : data.micro_batches) AddMicroBatch(micro_batch);
  }

  absl::Status Forward(int index, double* loss) {
    MicroBatchBuffers& own = micro_batches_[index];
    PassBuffers buffers = BuffersOf(own);
    buffers.input = Data(own.input);
    buffers.targets = Data(own.targets);
    buffers.output = Data(own.output);
    buffers.saved = Data(own.saved);
    buffers.saved_weight = Data(own.saved_weight);
    buffers.recomputed = Data(own.recomputed);
    buffers.recomputed_weight = Data(own.recomputed_weight);
    buffers.loss = loss;
    BATON_RETURN_IF_ERROR(Call(&Layer::Forward, buffers, {&own.input, &own.targets}));
    for (Buffer* dropped : {&own.recomputed, &own.recomputed_weight}) {
      if (*dropped != nullptr) (*dropped)->Poison();
    }
    for (Buffer* written : {&own.output, &own.saved, &own.saved_weight}) {
      if (*written != nullptr) (*written)->Freeze();
    }
    return CheckParameters(/*gradients=*/true);
  }

  absl::Status Recompute(int index) {
    MicroBatchBuffers& own = micro_batches_[index];
    if (own.recomputed == nullptr && own.recomputed_weight == nullptr) return absl::OkStatus();
    PassBuffers buffers = BuffersOf(own);
    if (layer_->input_use() != InputUse::kNever) buffers.input = Data(own.input);
    buffers.targets = Data(own.targets);
    buffers.saved = Data(own.saved);
    buffers.saved_weight = Data(own.saved_weight);
    buffers.recomputed = Data(own.recomputed);
    buffers.recomputed_weight = Data(own.recomputed_weight);
    double loss = 0;
    buffers.loss = &loss;
    BATON_RETURN_IF_ERROR(
        Call(&Layer::Recompute, buffers, {&own.input, &own.targets, &own.output, &own.saved, &own.saved_weight}));
    for (Buffer* written : {&own.recomputed, &own.recomputed_weight}) {
      if (*written != nullptr) (*written)->Freeze();
    }
    return CheckParameters(/*gradients=*/true);
  }

  absl::Status BackwardInput(int index) {
    MicroBatchBuffers& own = micro_batches_[index];
    PassBuffers buffers = BuffersOf(own);
    buffers.recomputed = Data(own.recomputed);
    buffers.recomputed_weight = Data(own.recomputed_weight);
    if (layer_->input_use() != InputUse::kNever) buffers.input = Data(own.input);
    buffers.saved = Data(own.saved);
    buffers.saved_weight = Data(own.saved_weight);
    buffers.grad_output = Data(own.grad_output);
    if (options_.wants_grad_input) buffers.grad_input = Data(own.grad_input);
    buffers.stash = Data(own.stash);
    BATON_RETURN_IF_ERROR(
        Call(&Layer::BackwardInput, buffers,
             {&own.input, &own.saved, &own.saved_weight, &own.grad_output, &own.recomputed, &own.recomputed_weight}));
    if (own.stash != nullptr) own.stash->Freeze();
    // By Layer's contract nothing reads these after BackwardInput.
    if (own.saved != nullptr) own.saved->Poison();
    if (own.recomputed != nullptr) own.recomputed->Poison();
    return CheckParameters(/*gradients=*/true);
  }

  absl::Status BackwardWeight(int index) {
    MicroBatchBuffers& own = micro_batches_[index];
    PassBuffers buffers = BuffersOf(own);
    if (layer_->input_use() == InputUse::kBackwardWeight) buffers.input = Data(own.input);
    buffers.saved_weight = Data(own.saved_weight);
    buffers.recomputed_weight = Data(own.recomputed_weight);
    buffers.stash = Data(own.stash);
    if (layer_->weight_needs_grad_output()) buffers.grad_output = Data(own.grad_output);
    BATON_RETURN_IF_ERROR(Call(&Layer::BackwardWeight, buffers,
                               {&own.input, &own.saved_weight, &own.recomputed_weight, &own.stash, &own.grad_output}));
    return CheckParameters(/*gradients=*/false);
  }

  absl::Status WholeBackward(int index) {
    MicroBatchBuffers& own = micro_batches_[index];
    PassBuffers buffers = BuffersOf(own);
    buffers.recomputed = Data(own.recomputed);
    buffers.recomputed_weight = Data(own.recomputed_weight);
    if (layer_->input_use() != InputUse::kNever) buffers.input = Data(own.input);
    buffers.saved = Data(own.saved);
    buffers.saved_weight = Data(own.saved_weight);
    buffers.grad_output = Data(own.grad_output);
    if (options_.wants_grad_input) buffers.grad_input = Data(own.grad_input);
    BATON_RETURN_IF_ERROR(
        Call(&Layer::Backward, buffers,
             {&own.input, &own.saved, &own.saved_weight, &own.grad_output, &own.recomputed, &own.recomputed_weight}));
    return CheckParameters(/*gradients=*/false);
  }

  void Collect(LayerRun* run) const {
    for (const MicroBatchBuffers& own : micro_batches_) {
      if (own.output != nullptr) run->outputs.push_back(own.output->ReadFloats(type_));
      if (own.grad_input != nullptr && options_.wants_grad_input && !options_.forward_only) {
        run->grad_inputs.push_back(own.grad_input->ReadFloats(type_));
      }
    }
    for (const auto& [name, gradient] : gradients_) run->gradients[name] = gradient->ReadFloats(gradient_type_);
  }

  // Checks all buffers. Call it after all other calls.
  absl::Status CheckGuards() const {
    for (const MicroBatchBuffers& own : micro_batches_) {
      for (const Buffer* buffer : {&own.input, &own.targets, &own.output, &own.saved, &own.saved_weight, &own.stash,
                                   &own.grad_output, &own.grad_input, &own.recomputed, &own.recomputed_weight}) {
        if (*buffer != nullptr) BATON_RETURN_IF_ERROR((*buffer)->CheckGuards());
      }
    }
    if (scratch_ != nullptr) BATON_RETURN_IF_ERROR(scratch_->CheckGuards());
    for (const auto& [name, value] : values_) BATON_RETURN_IF_ERROR(value->CheckGuards());
    for (const auto& [name, gradient] : gradients_) BATON_RETURN_IF_ERROR(gradient->CheckGuards());
    return absl::OkStatus();
  }

 private:
  Buffer Make(const std::string& name, Bytes bytes) const {
    if (bytes == 0) return nullptr;
    return std::make_unique<GuardedBuffer>(under_test_, name, bytes, options_.address_shift);
  }
  static std::byte* Data(const Buffer& buffer) { return buffer == nullptr ? nullptr : buffer->data(); }

  // The buffers that every pass of a micro-batch has.
  PassBuffers BuffersOf(const MicroBatchBuffers& own) const {
    PassBuffers buffers;
    buffers.step = reinterpret_cast<const StepContext*>(step_->data());
    buffers.first_sequence = own.first_sequence;
    return buffers;
  }

  void AddMicroBatch(const MicroBatchData& data) {
    MicroBatchBuffers own;
    own.input = Make("input", layer_->input_shape().NumBytes());
    if (data.tokens.empty()) {
      own.input->WriteFloats(type_, data.input);
      own.grad_input = Make("grad_input", layer_->input_shape().NumBytes());
    } else {
      own.input->WriteIds(data.tokens);
    }
    if (!data.targets.empty()) {
      own.targets = Make("targets", data.targets.size() * sizeof(int32_t));
      own.targets->WriteIds(data.targets);
      own.targets->Freeze();
    }
    own.output = Make("output", layer_->output_shape().NumBytes());
    own.grad_output = Make("grad_output", layer_->output_shape().NumBytes());
    if (own.grad_output != nullptr) {
      own.grad_output->WriteFloats(type_, data.grad_output);
      own.grad_output->Freeze();
    }
    own.saved = Make("saved", layer_->footprint().saved);
    own.saved_weight = Make("saved_weight", layer_->footprint().saved_weight);
    own.stash = Make("stash", layer_->footprint().stash);
    own.recomputed = Make("recomputed", layer_->footprint().recomputed);
    own.recomputed_weight = Make("recomputed_weight", layer_->footprint().recomputed_weight);
    own.input->Freeze();
    own.first_sequence = data.first_sequence;
    micro_batches_.push_back(std::move(own));
  }

  absl::Status Call(absl::Status (Layer::*method)(KernelStream, const PassBuffers&), PassBuffers buffers,
                    std::initializer_list<const Buffer*> only_read) {
    if (scratch_ != nullptr) scratch_->Poison();
    buffers.scratch = Data(scratch_);
    BATON_RETURN_IF_ERROR((layer_.get()->*method)(under_test_.stream, buffers));
    under_test_.synchronize();
    for (const Buffer* buffer : only_read) {
      if (*buffer != nullptr) BATON_RETURN_IF_ERROR((*buffer)->CheckUnchanged());
    }
    return absl::OkStatus();
  }

  absl::Status CheckParameters(bool gradients) const {
    for (const auto& [name, value] : values_) BATON_RETURN_IF_ERROR(value->CheckUnchanged());
    if (!gradients) return absl::OkStatus();
    for (const auto& [name, gradient] : gradients_) BATON_RETURN_IF_ERROR(gradient->CheckUnchanged());
    return absl::OkStatus();
  }

  const BackendUnderTest& under_test_;
  const std::unique_ptr<Layer> layer_;
  const LayerRunOptions options_;
  DataType type_ = DataType::kFloat32;           // of activations and of the parameters that the layer reads
  DataType gradient_type_ = DataType::kFloat32;  // of the gradients of parameters
  Buffer scratch_;
  Buffer step_;
  std::map<std::string, Buffer> values_;
  std::map<std::string, Buffer> gradients_;
  std::vector<MicroBatchBuffers> micro_batches_;
};

}  // namespace

absl::StatusOr<LayerRun> RunLayer(const BackendUnderTest& under_test, const LayerCase& layer_case,
                                  const LayerData& data, const LayerRunOptions& options) {
  Shape input = layer_case.input;
  if (input.type() == DataType::kFloat32) input = Shape(under_test.backend->precision(), input.extents());
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(*under_test.backend, layer_case.spec, input));
  Runner runner(under_test, std::move(layer), options);
  runner.Prepare(data);
  const int count = static_cast<int>(data.micro_batches.size());
  LayerRun run;
  for (int i = 0; i < count; ++i) {
    double loss = 0;
    BATON_RETURN_IF_ERROR(runner.Forward(i, &loss));
    run.loss += loss;
  }
  if (!options.forward_only) {
    for (int i = 0; i < count; ++i) {
      BATON_RETURN_IF_ERROR(runner.Recompute(i));
      BATON_RETURN_IF_ERROR(options.whole_backward ? runner.WholeBackward(i) : runner.BackwardInput(i));
    }
    for (int i = 0; i < count && !options.whole_backward; ++i) BATON_RETURN_IF_ERROR(runner.BackwardWeight(i));
  }
  BATON_RETURN_IF_ERROR(runner.CheckGuards());
  runner.Collect(&run);
  return run;
}

}  // namespace baton
