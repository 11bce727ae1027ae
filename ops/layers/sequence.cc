// Places the layers' buffers in the sequence's regions, and runs its passes.
#include "ops/layers/sequence.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

std::byte* At(std::byte* region, Bytes offset) { return region == nullptr ? nullptr : region + offset; }

}  // namespace

absl::StatusOr<std::unique_ptr<Sequence>> Sequence::Create(std::vector<std::unique_ptr<Layer>> layers) {
  if (layers.empty()) return absl::InvalidArgumentError("layers: 0 entries; at least one is needed");
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    if (layers[i]->output_shape().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("layers: a loss may only be the last layer; it is layer ", i + 1, " of ", layers.size()));
    }
    if (layers[i]->output_shape() != layers[i + 1]->input_shape()) {
      return absl::InvalidArgumentError(absl::StrCat("layers: the output ", layers[i]->output_shape().ToString(),
                                                     " of layer ", i + 1, " is not the input ",
                                                     layers[i + 1]->input_shape().ToString(), " of the next"));
    }
  }
  return std::unique_ptr<Sequence>(new Sequence(std::move(layers)));
}

Sequence::Sequence(std::vector<std::unique_ptr<Layer>> layers) : layers_(std::move(layers)) {
  const auto place = [this](Region region, const Shape& shape) {
    Bytes* end = region == Region::kSaved              ? &footprint_.saved
                 : region == Region::kSavedWeight      ? &footprint_.saved_weight
                 : region == Region::kStash            ? &footprint_.stash
                 : region == Region::kRecomputed       ? &footprint_.recomputed
                 : region == Region::kRecomputedWeight ? &footprint_.recomputed_weight
                                                       : &footprint_.scratch;
    const Location result{region, *end};
    *end += AlignUp(shape.NumBytes());
    return result;
  };
  Bytes largest_scratch = 0, gradient_scratch = 0;
  for (size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = *layers_[i];
    // The next layer's input, this one's output, then stands in memory until BackwardInput.
    if (i + 1 < layers_.size() && layers_[i + 1]->input_use() != InputUse::kNever) layer.ExpectOutput();
    Placement placement;
    if (i > 0) {
      const InputUse use = layer.input_use();
      const bool again = layers_[i - 1]->recomputes_output();
      placement.input =
          place(use == InputUse::kBackwardWeight  ? (again ? Region::kRecomputedWeight : Region::kSavedWeight)
                : use == InputUse::kBackwardInput ? (again ? Region::kRecomputed : Region::kSaved)
                                                  : Region::kScratch,
                layer.input_shape());
    }
    if (i + 1 < layers_.size()) {
      largest_gradient_ = std::max(largest_gradient_, AlignUp(layer.output_shape().NumBytes()));
      if (layer.weight_needs_grad_output()) {
        placement.grad_output = place(Region::kStash, layer.output_shape());
      } else {
        placement.grad_output = {Region::kScratch, gradient_scratch};
        gradient_scratch += AlignUp(layer.output_shape().NumBytes());
      }
    }
    const Footprint own = layer.footprint();
    placement.offsets = footprint_;
    footprint_.saved += own.saved;
    footprint_.saved_weight += own.saved_weight;
    footprint_.stash += own.stash;
    footprint_.recomputed += own.recomputed;
    footprint_.recomputed_weight += own.recomputed_weight;
    largest_scratch = std::max(largest_scratch, own.scratch);
    largest_stash_ = std::max(largest_stash_, own.stash);
    placements_.push_back(placement);
  }
  inner_scratch_offset_ = footprint_.scratch;
  footprint_.scratch += largest_scratch;
  turns_offset_ = footprint_.scratch;
  stash_offset_ = turns_offset_ + static_cast<Bytes>(std::min<size_t>(layers_.size() - 1, 2)) * largest_gradient_;
  // Gradients stand last, so that a Forward needs only the scratch before them.
  for (Placement& placement : placements_) {
    if (placement.grad_output.region == Region::kScratch) placement.grad_output.offset += footprint_.scratch;
  }
  footprint_.scratch += gradient_scratch;
}

std::vector<ParameterSpec> Sequence::parameters() const {
  std::vector<ParameterSpec> all;
  for (const auto& layer : layers_) {
    for (ParameterSpec& parameter : layer->parameters()) all.push_back(std::move(parameter));
  }
  return all;
}

LayerFlops Sequence::flops() const {
  LayerFlops sum;
  for (const auto& layer : layers_) {
    const LayerFlops own = layer->flops();
    sum.forward += own.forward;
    sum.backward_input += own.backward_input;
    sum.backward_weight += own.backward_weight;
    sum.repeated += own.repeated;
  }
  return sum;
}

MemberTraffic Sequence::member_traffic() const {
  MemberTraffic sum;
  for (const auto& layer : layers_) sum.Add(layer->member_traffic());
  return sum;
}

void Sequence::BindParameters(const std::vector<std::byte*>& values, const std::vector<std::byte*>& gradients) {
  size_t begin = 0;
  for (const auto& layer : layers_) {
    const size_t end = begin + layer->parameters().size();
    layer->BindParameters({values.begin() + begin, values.begin() + end},
                          {gradients.begin() + begin, gradients.begin() + end});
    begin = end;
  }
}

void Sequence::Freeze(const std::vector<bool>& frozen) {
  auto begin = frozen.begin();
  for (const auto& layer : layers_) {
    const auto end = begin + static_cast<std::ptrdiff_t>(layer->parameters().size());
    layer->Freeze({begin, end});
    begin = end;
  }
}

std::byte* Sequence::Resolve(const Location& location, const PassBuffers& buffers) {
  switch (location.region) {
    case Region::kSaved:
      return At(buffers.saved, location.offset);
    case Region::kSavedWeight:
      return At(buffers.saved_weight, location.offset);
    case Region::kStash:
      return At(buffers.stash, location.offset);
    case Region::kScratch:
      return At(buffers.scratch, location.offset);
    case Region::kRecomputed:
      return At(buffers.recomputed, location.offset);
    case Region::kRecomputedWeight:
      return At(buffers.recomputed_weight, location.offset);
  }
  return nullptr;
}

PassBuffers Sequence::BuffersOf(int index, const PassBuffers& buffers) const {
  const Placement& own = placements_[index];
  const bool first = index == 0;
  const bool last = index + 1 == static_cast<int>(layers_.size());
  PassBuffers result;
  result.input = first ? buffers.input : Resolve(own.input, buffers);
  result.targets = buffers.targets;
  result.output = last ? buffers.output : Resolve(placements_[index + 1].input, buffers);
  result.saved = At(buffers.saved, own.offsets.saved);
  result.saved_weight = At(buffers.saved_weight, own.offsets.saved_weight);
  result.stash = At(buffers.stash, own.offsets.stash);
  result.recomputed = At(buffers.recomputed, own.offsets.recomputed);
  result.recomputed_weight = At(buffers.recomputed_weight, own.offsets.recomputed_weight);
  result.grad_output = last ? buffers.grad_output : Resolve(own.grad_output, buffers);
  result.grad_input = first ? buffers.grad_input : Resolve(placements_[index - 1].grad_output, buffers);
  result.scratch = At(buffers.scratch, inner_scratch_offset_);
  result.loss = buffers.loss;
  result.step = buffers.step;
  result.first_sequence = buffers.first_sequence;
  result.is_whole_backward = buffers.is_whole_backward;
  result.members = buffers.members;
  return result;
}

absl::Status Sequence::Forward(KernelStream stream, const PassBuffers& buffers) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    PassBuffers own = BuffersOf(i, buffers);
    if (i + 1 == layers_.size()) own.addend = buffers.addend;
    BATON_RETURN_IF_ERROR(layers_[i]->Forward(stream, own));
  }
  return absl::OkStatus();
}

absl::Status Sequence::Recompute(KernelStream stream, const PassBuffers& buffers) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    PassBuffers own = BuffersOf(i, buffers);
    if (i + 1 == layers_.size() || !IsRecomputed(placements_[i + 1].input)) own.output = nullptr;
    BATON_RETURN_IF_ERROR(layers_[i]->Recompute(stream, own));
  }
  return absl::OkStatus();
}

absl::Status Sequence::BackwardInput(KernelStream stream, const PassBuffers& buffers) {
  for (size_t i = layers_.size(); i-- > 0;) {
    PassBuffers own = BuffersOf(i, buffers);
    if (i == 0) own.addend = buffers.addend;
    BATON_RETURN_IF_ERROR(layers_[i]->BackwardInput(stream, own));
  }
  return absl::OkStatus();
}

absl::Status Sequence::BackwardWeight(KernelStream stream, const PassBuffers& buffers) {
  for (size_t i = layers_.size(); i-- > 0;) {
    if (layers_[i]->is_frozen()) continue;
    BATON_RETURN_IF_ERROR(layers_[i]->BackwardWeight(stream, BuffersOf(i, buffers)));
  }
  return absl::OkStatus();
}

absl::Status Sequence::Backward(KernelStream stream, const PassBuffers& buffers) {
  const auto turn = [&](size_t layer) { return buffers.scratch + turns_offset_ + layer % 2 * largest_gradient_; };
  for (size_t i = layers_.size(); i-- > 0;) {
    PassBuffers own = BuffersOf(static_cast<int>(i), buffers);
    own.is_whole_backward = true;
    own.stash = At(buffers.scratch, stash_offset_);
    if (i + 1 < layers_.size()) own.grad_output = turn(i);
    if (i > 0) own.grad_input = turn(i - 1);
    if (i == 0) own.addend = buffers.addend;
    BATON_RETURN_IF_ERROR(layers_[i]->BackwardInput(stream, own));
    if (!layers_[i]->is_frozen()) BATON_RETURN_IF_ERROR(layers_[i]->BackwardWeight(stream, own));
  }
  return absl::OkStatus();
}

}  // namespace baton
