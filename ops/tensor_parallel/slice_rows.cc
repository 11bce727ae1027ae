// Walks the layers in order, and knows whether the activation between two of them is whole or a slice.
#include "ops/tensor_parallel/slice_rows.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

using Layers = std::vector<LayerSpec>;

class Slicer {
 public:
  Slicer(const MemberPart& part, const ModelSpec& model) : name_(model.name) {
    rows_.num_members = part.num_members;
    rows_.member = part.member;
    const Shape& input = model.input_shape;
    rows_.sequences = input[0];
    rows_.context = input.rank() == 2 ? input[1] : 0;  // tokens; of images once they are cut into patches
    if (input.rank() == 4) pixels_ = {input[2], input[3]};
  }

  absl::StatusOr<Layers> Slice(const Layers& layers) {
    Layers result;
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerSpec& layer = layers[i];
      if (state_ == State::kWhole && std::holds_alternative<ResidualSpec>(layer.kind)) {
        if (result.empty() || rows_.context == 0) return Refuse(layer);
        BATON_RETURN_IF_ERROR(CheckRows());
        result = {Exchanged(std::move(result), MemberSlicesSpec::Input::kWhole, MemberSlicesSpec::Output::kOwnRows)};
        state_ = State::kSlices;
      }
      BATON_ASSIGN_OR_RETURN(LayerSpec sliced, SliceLayer(layer));
      result.push_back(std::move(sliced));
    }
    return result;
  }

  // To be asked after all layers.
  absl::Status CheckSliced() const {
    if (state_ == State::kHead) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat("parallel.tensor_sequence: true needs a model with residual layers and a head that is cut; ",
                     name_, " has none"));
  }

 private:
  // The activation behind the last layer is whole before the slices, a slice, or whole behind them.
  enum class State : int8_t { kWhole, kSlices, kHead };

  static bool IsHead(const MemberSumSpec& sum) { return sum.grad_input && !sum.output; }

  absl::Status CheckRows() const {
    if (rows_.sequences * rows_.context % rows_.num_members == 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.tensor_sequence: true needs parallel.tensor: ", rows_.num_members, " to divide the ",
                     rows_.sequences, " x ", rows_.context, " rows of a micro-batch"));
  }

  absl::Status Refuse(const LayerSpec& layer) const {
    const std::string kind = std::visit([](const auto& each) { return std::string(each.kKind); }, layer.kind);
    return absl::UnimplementedError(
        absl::StrCat("parallel.tensor_sequence: true has no slices of rows for ", kind, " as it stands in ", name_));
  }

  LayerSpec Exchanged(Layers layers, MemberSlicesSpec::Input input, MemberSlicesSpec::Output output) const {
    return {MemberSlicesSpec{std::move(layers), rows_, input, output}};
  }

  // Each member has the gradients of its rows alone.
  static LayerSpec WithSummedGradients(const LayerSpec& layer) {
    MemberSumSpec sum;
    sum.layers = {layer};
    sum.gradients = true;
    return {std::move(sum)};
  }

  absl::StatusOr<LayerSpec> SliceLayer(LayerSpec layer) {
    if (auto* sequence = std::get_if<SequenceSpec>(&layer.kind)) {
      BATON_ASSIGN_OR_RETURN(sequence->layers, Slice(sequence->layers));
      return layer;
    }
    if (state_ == State::kHead) return layer;
    if (const auto* sum = std::get_if<MemberSumSpec>(&layer.kind)) return SliceSum(*sum, layer);
    if (state_ == State::kWhole) {
      CountRows(layer);
      return layer;
    }
    if (auto* residual = std::get_if<ResidualSpec>(&layer.kind)) {
      if (!residual->shortcut.empty()) return Refuse(layer);
      BATON_ASSIGN_OR_RETURN(residual->layers, Slice(residual->layers));
      if (state_ != State::kSlices) return Refuse(layer);
      return layer;
    }
    if (auto* dropout = std::get_if<DropoutSpec>(&layer.kind)) {
      dropout->rows = rows_;
      return layer;
    }
    if (std::holds_alternative<LayerNormSpec>(layer.kind) || std::holds_alternative<RmsNormSpec>(layer.kind) ||
        std::holds_alternative<LinearSpec>(layer.kind)) {
      return WithSummedGradients(layer);
    }
    if (std::holds_alternative<ActivationSpec>(layer.kind) || std::holds_alternative<GateSpec>(layer.kind)) {
      return layer;
    }
    if (std::holds_alternative<FirstRowSpec>(layer.kind)) {
      // The layers behind it are whole, so that every member has the same gradient of it.
      state_ = State::kHead;
      return Exchanged({layer}, MemberSlicesSpec::Input::kGathered, MemberSlicesSpec::Output::kWhole);
    }
    return Refuse(layer);
  }

  absl::StatusOr<LayerSpec> SliceSum(const MemberSumSpec& sum, const LayerSpec& layer) {
    const bool is_embedding = sum.output && !sum.grad_input;
    if (is_embedding && state_ == State::kWhole) {
      BATON_RETURN_IF_ERROR(CheckRows());
      state_ = State::kSlices;
      return Exchanged(sum.layers, MemberSlicesSpec::Input::kWhole, MemberSlicesSpec::Output::kSum);
    }
    if (sum.output && sum.grad_input && state_ == State::kSlices) {
      return Exchanged(sum.layers, MemberSlicesSpec::Input::kGatheredParts, MemberSlicesSpec::Output::kSum);
    }
    if (IsHead(sum) && state_ == State::kSlices) {
      state_ = State::kHead;
      return Exchanged(sum.layers, MemberSlicesSpec::Input::kGatheredParts, MemberSlicesSpec::Output::kWhole);
    }
    return Refuse(layer);
  }

  // Images have rows once they are cut into patches.
  void CountRows(const LayerSpec& layer) {
    if (const auto* patches = std::get_if<PatchesSpec>(&layer.kind)) {
      rows_.context = pixels_.first / patches->edge * (pixels_.second / patches->edge);
    } else if (const auto* positions = std::get_if<PositionsSpec>(&layer.kind)) {
      if (positions->class_token) ++rows_.context;
    }
  }

  const std::string name_;
  RowSlices rows_;
  std::pair<int64_t, int64_t> pixels_ = {0, 0};  // height and width
  State state_ = State::kWhole;
};

}  // namespace

absl::Status SliceRows(const MemberPart& part, ModelSpec& model) {
  Slicer slicer(part, model);
  BATON_ASSIGN_OR_RETURN(model.layers, slicer.Slice(model.layers));
  return slicer.CheckSliced();
}

}  // namespace baton
