// Sequence and Residual place intermediates by the rules on which planning relies. The layers only record their
// buffers.
#include "ops/layers/sequence.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "ops/layers/residual.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

// Has the given facts and records the buffers of its last call.
class RecordingLayer final : public Layer {
 public:
  RecordingLayer(Shape input, Shape output, InputUse use, bool needs_grad_output, Footprint footprint)
      : input_(std::move(input)),
        output_(std::move(output)),
        use_(use),
        needs_grad_output_(needs_grad_output),
        footprint_(footprint) {}

  const Shape& input_shape() const override { return input_; }
  const Shape& output_shape() const override { return output_; }
  std::vector<ParameterSpec> parameters() const override { return {{"p", Shape(DataType::kFloat32, {1}), {}, false}}; }
  InputUse input_use() const override { return use_; }
  bool weight_needs_grad_output() const override { return needs_grad_output_; }
  Footprint footprint() const override { return footprint_; }
  LayerFlops flops() const override { return {1, 2, 4}; }
  void BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) override {
    bound_values = values;
    bound_gradients = gradients;
  }
  void Freeze(const std::vector<bool>& all) override { frozen = all; }
  bool is_frozen() const override { return frozen == std::vector<bool>{true}; }
  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override { return Record(buffers); }
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override { return Record(buffers); }
  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override { return Record(buffers); }

  PassBuffers last;
  std::vector<std::byte*> bound_values;
  std::vector<std::byte*> bound_gradients;
  std::vector<bool> frozen;
  absl::Status answer = absl::OkStatus();
  std::vector<RecordingLayer*>* calls = nullptr;  // if not null, the layer of each call is added

 private:
  absl::Status Record(const PassBuffers& buffers) {
    last = buffers;
    if (calls != nullptr) calls->push_back(this);
    return answer;
  }
  const Shape input_;
  const Shape output_;
  const InputUse use_;
  const bool needs_grad_output_;
  const Footprint footprint_;
};

Shape Floats(int64_t count) { return Shape(DataType::kFloat32, {count}); }

// An address that nothing dereferences.
std::byte* Address(int64_t value) { return reinterpret_cast<std::byte*>(value); }

PassBuffers DistinctBuffers() {
  PassBuffers buffers;
  buffers.input = Address(0x10000);
  buffers.targets = Address(0x20000);
  buffers.output = Address(0x30000);
  buffers.saved = Address(0x40000);
  buffers.saved_weight = Address(0x50000);
  buffers.stash = Address(0x60000);
  buffers.grad_output = Address(0x70000);
  buffers.grad_input = Address(0x80000);
  buffers.scratch = Address(0x90000);
  return buffers;
}

// A sequence of four layers that covers each InputUse, with activations of 10, 20, 30, 40 and 50 floats (64, 128, 128,
// 192 and 256 bytes). The sequence owns the layers.
struct Fixture {
  std::vector<RecordingLayer*> layers;
  std::unique_ptr<Sequence> sequence;

  Fixture() {
    std::vector<std::unique_ptr<Layer>> owned;
    const auto add = [&](int64_t inputs, int64_t outputs, InputUse use, bool needs_grad_output, Footprint footprint) {
      auto layer = std::make_unique<RecordingLayer>(Floats(inputs), Floats(outputs), use, needs_grad_output, footprint);
      layers.push_back(layer.get());
      owned.push_back(std::move(layer));
    };
    add(10, 20, InputUse::kNever, true, {64, 128, 64, 512});
    add(20, 30, InputUse::kBackwardWeight, false, {128, 0, 64, 64});
    add(30, 40, InputUse::kBackwardInput, true, {64, 64, 0, 1024});
    add(40, 50, InputUse::kNever, true, {64, 0, 128, 0});
    sequence = Sequence::Create(std::move(owned)).value();
  }
};

}  // namespace

TEST_CASE("a sequence says each layer what of it is frozen, and leaves frozen ones out") {
  const Fixture fixture;
  fixture.sequence->Freeze({false, true, true, false});
  CHECK(fixture.layers[0]->frozen == std::vector<bool>{false});
  CHECK(fixture.layers[1]->frozen == std::vector<bool>{true});
  REQUIRE(fixture.sequence->BackwardWeight({}, DistinctBuffers()).ok());
  CHECK(fixture.layers[0]->last.scratch != nullptr);
  CHECK(fixture.layers[1]->last.scratch == nullptr);
  CHECK(fixture.layers[2]->last.scratch == nullptr);
  CHECK(fixture.layers[3]->last.scratch != nullptr);
  // The gradients that flow through them are computed all the same.
  REQUIRE(fixture.sequence->BackwardInput({}, DistinctBuffers()).ok());
  CHECK(fixture.layers[1]->last.scratch != nullptr);
}

TEST_CASE("a primitive layer is frozen if all of its parameters are") {
  const ReferenceBackend backend;
  LinearSpec spec;
  spec.name = "fc";
  spec.inputs = spec.outputs = 2;
  const auto layer = backend.Create({spec}, Shape(DataType::kFloat32, {3, 2})).value();
  CHECK_FALSE(layer->is_frozen());
  layer->Freeze({true, false});
  CHECK_FALSE(layer->is_frozen());
  layer->Freeze({true, true});
  CHECK(layer->is_frozen());
  const auto activation = backend.Create({ActivationSpec{}}, Shape(DataType::kFloat32, {3, 2})).value();
  activation->Freeze({});
  CHECK_FALSE(activation->is_frozen());
}

TEST_CASE("a sequence's footprint is its layers' and that of its intermediates") {
  const Fixture fixture;
  const Footprint footprint = fixture.sequence->footprint();
  CHECK(footprint.saved == 64 + 128 + 64 + 64 + /*input of the third=*/128);
  CHECK(footprint.saved_weight == 128 + 64 + /*input of the second=*/128);
  CHECK(footprint.stash == 64 + 64 + 128 + /*gradients of the first's and third's outputs=*/128 + 192);
  CHECK(footprint.scratch == 1024 + /*input of the fourth=*/192 + /*gradient of the second's output=*/128);
  CHECK(fixture.sequence->input_use() == InputUse::kNever);
  CHECK(fixture.sequence->weight_needs_grad_output());
  CHECK(fixture.sequence->input_shape() == Floats(10));
  CHECK(fixture.sequence->output_shape() == Floats(50));
  CHECK(fixture.sequence->flops().forward == 4);
  CHECK(fixture.sequence->flops().backward_input == 8);
  CHECK(fixture.sequence->flops().backward_weight == 16);
}

TEST_CASE("no two buffers of a sequence overlap, and each is inside its region") {
  Fixture fixture;
  const PassBuffers outer = DistinctBuffers();
  REQUIRE(fixture.sequence->Forward({}, outer).ok());
  std::vector<std::pair<const std::byte*, Bytes>> used;
  for (RecordingLayer* layer : fixture.layers) {
    const Footprint own = layer->footprint();
    if (own.saved > 0) used.emplace_back(layer->last.saved, own.saved);
    if (own.saved_weight > 0) used.emplace_back(layer->last.saved_weight, own.saved_weight);
    if (own.stash > 0) used.emplace_back(layer->last.stash, own.stash);
    if (layer != fixture.layers.back())
      used.emplace_back(layer->last.output, AlignUp(layer->output_shape().NumBytes()));
  }
  REQUIRE(fixture.sequence->BackwardInput({}, outer).ok());
  Bytes scratch = 0;
  for (RecordingLayer* layer : fixture.layers) {
    if (layer != fixture.layers.front()) {
      used.emplace_back(layer->last.grad_input, AlignUp(layer->input_shape().NumBytes()));
    }
    scratch = std::max(scratch, layer->footprint().scratch);
  }
  used.emplace_back(fixture.layers[0]->last.scratch, scratch);  // shared by the layers
  const Footprint footprint = fixture.sequence->footprint();
  const std::pair<const std::byte*, Bytes> regions[] = {{outer.saved, footprint.saved},
                                                        {outer.saved_weight, footprint.saved_weight},
                                                        {outer.stash, footprint.stash},
                                                        {outer.scratch, footprint.scratch}};
  for (size_t i = 0; i < used.size(); ++i) {
    const auto [begin, bytes] = used[i];
    bool inside = false;
    for (const auto& [region, size] : regions) inside |= begin >= region && begin + bytes <= region + size;
    CHECK(inside);
    for (size_t j = 0; j < i; ++j) CHECK((begin + bytes <= used[j].first || used[j].first + used[j].second <= begin));
  }
}

TEST_CASE("a layer reads the buffers that its neighbour writes") {
  Fixture fixture;
  const PassBuffers outer = DistinctBuffers();
  REQUIRE(fixture.sequence->Forward({}, outer).ok());
  CHECK(fixture.layers.front()->last.input == outer.input);
  CHECK(fixture.layers.back()->last.output == outer.output);
  std::vector<const std::byte*> inputs;
  for (size_t i = 0; i + 1 < fixture.layers.size(); ++i) {
    CHECK(fixture.layers[i]->last.output == fixture.layers[i + 1]->last.input);
    inputs.push_back(fixture.layers[i + 1]->last.input);
  }
  REQUIRE(fixture.sequence->BackwardInput({}, outer).ok());
  CHECK(fixture.layers.front()->last.grad_input == outer.grad_input);
  CHECK(fixture.layers.back()->last.grad_output == outer.grad_output);
  const std::byte* stashed_gradient = fixture.layers[0]->last.grad_output;
  for (size_t i = 0; i + 1 < fixture.layers.size(); ++i) {
    CHECK(fixture.layers[i]->last.grad_output == fixture.layers[i + 1]->last.grad_input);
    CHECK(fixture.layers[i + 1]->last.input == inputs[i]);
  }
  PassBuffers weight = outer;
  weight.saved = nullptr;
  weight.grad_input = nullptr;
  weight.scratch = nullptr;
  REQUIRE(fixture.sequence->BackwardWeight({}, weight).ok());
  CHECK(fixture.layers[1]->last.input == inputs[0]);                // in saved_weight
  CHECK(fixture.layers[2]->last.input == nullptr);                  // was in saved
  CHECK(fixture.layers[0]->last.grad_output == stashed_gradient);   // in stash
  CHECK(fixture.layers[1]->last.grad_output == nullptr);            // was in scratch
  CHECK(fixture.layers[3]->last.grad_output == outer.grad_output);  // the sequence's own
}

TEST_CASE("without grad_input, the first layer gets none and the others do") {
  Fixture fixture;
  PassBuffers outer = DistinctBuffers();
  outer.grad_input = nullptr;
  REQUIRE(fixture.sequence->BackwardInput({}, outer).ok());
  CHECK(fixture.layers[0]->last.grad_input == nullptr);
  CHECK(fixture.layers[1]->last.grad_input != nullptr);
}

TEST_CASE("a whole backward finishes each layer before the one in front of it, in which its stash may be overwritten") {
  Fixture fixture;
  std::vector<RecordingLayer*>& layers = fixture.layers;
  fixture.sequence->Freeze({false, true, false, false});
  std::vector<RecordingLayer*> calls;
  for (RecordingLayer* layer : layers) layer->calls = &calls;
  const PassBuffers outer = DistinctBuffers();
  REQUIRE(fixture.sequence->Backward({}, outer).ok());
  CHECK(calls == std::vector<RecordingLayer*>{layers[3], layers[3], layers[2], layers[2], layers[1],  // frozen
                                              layers[0], layers[0]});
  // The largest scratch of a layer, the fourth layer's input, two gradients of the third's output, the largest stash.
  const Bytes end = 1024 + 192 + 2 * 192 + 128;
  CHECK(fixture.sequence->backward_scratch() == end);
  CHECK(layers.front()->last.grad_input == outer.grad_input);
  CHECK(layers.back()->last.grad_output == outer.grad_output);
  for (size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(i);
    const PassBuffers& own = layers[i]->last;
    CHECK(own.is_whole_backward);
    CHECK(own.stash == outer.scratch + end - 128);
    CHECK(own.scratch + layers[i]->footprint().scratch <= own.stash - 2 * 192);
    if (i == 0) continue;
    CHECK(own.grad_input == layers[i - 1]->last.grad_output);
    CHECK(own.grad_input != own.grad_output);
    CHECK((own.grad_input == own.stash - 192 || own.grad_input == own.stash - 2 * 192));
  }
}

TEST_CASE("parameters are bound to their layers in order, and the first error ends a call") {
  Fixture fixture;
  CHECK(fixture.sequence->parameters().size() == 4);
  fixture.sequence->BindParameters({Address(1), Address(2), Address(3), Address(4)},
                                   {Address(5), Address(6), Address(7), Address(8)});
  CHECK(fixture.layers[2]->bound_values == std::vector<std::byte*>{Address(3)});
  CHECK(fixture.layers[3]->bound_gradients == std::vector<std::byte*>{Address(8)});
  fixture.layers[1]->answer = absl::InternalError("second");
  fixture.layers[2]->answer = absl::InternalError("third");
  CHECK(fixture.sequence->Forward({}, DistinctBuffers()).message() == "second");
  CHECK(fixture.sequence->BackwardInput({}, DistinctBuffers()).message() == "third");
}

TEST_CASE("empty sequences and layers that do not fit are InvalidArgument") {
  CHECK(Sequence::Create({}).status().code() == absl::StatusCode::kInvalidArgument);
  const auto two = [](Shape output, Shape input) {
    std::vector<std::unique_ptr<Layer>> layers;
    layers.push_back(
        std::make_unique<RecordingLayer>(Floats(1), std::move(output), InputUse::kNever, false, Footprint{}));
    layers.push_back(
        std::make_unique<RecordingLayer>(std::move(input), Floats(1), InputUse::kNever, false, Footprint{}));
    return Sequence::Create(std::move(layers)).status();
  };
  CHECK(two(Floats(2), Floats(2)).ok());
  CHECK(two(Floats(2), Floats(3)).code() == absl::StatusCode::kInvalidArgument);
  CHECK(two(Shape(), Floats(3)).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a residual has its inner layer's facts and adds its input") {
  const ReferenceBackend backend;
  auto inner = std::make_unique<RecordingLayer>(Floats(3), Floats(3), InputUse::kBackwardInput, true,
                                                Footprint{64, 128, 192, 256});
  RecordingLayer* recording = inner.get();
  const auto residual = Residual::Create(backend, std::move(inner)).value();
  CHECK(residual->input_use() == InputUse::kBackwardInput);
  CHECK(residual->weight_needs_grad_output());
  CHECK(residual->footprint().saved == 64);
  CHECK(residual->footprint().scratch == 256);
  // The recording layer writes nothing: y's initial values stand for inner(x).
  float x[] = {1, 2, 3};
  float y[] = {10, 20, 30};
  float grad_y[] = {5, 6, 7};
  float grad_x[] = {100, 200, 300};
  PassBuffers buffers;
  buffers.input = reinterpret_cast<std::byte*>(x);
  buffers.output = reinterpret_cast<std::byte*>(y);
  buffers.grad_output = reinterpret_cast<std::byte*>(grad_y);
  buffers.grad_input = reinterpret_cast<std::byte*>(grad_x);
  REQUIRE(residual->Forward({}, buffers).ok());
  CHECK(recording->last.input == buffers.input);
  CHECK(std::vector<float>(y, y + 3) == std::vector<float>{11, 22, 33});
  REQUIRE(residual->BackwardInput({}, buffers).ok());
  CHECK(std::vector<float>(grad_x, grad_x + 3) == std::vector<float>{105, 206, 307});
  buffers.grad_input = nullptr;
  CHECK(residual->BackwardInput({}, buffers).ok());
}

}  // namespace baton
