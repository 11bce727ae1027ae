// The passes of MemberSlices: the inner layer's, between exchanges of slices.
#include "ops/layers/member_slices.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/member_group.h"

namespace baton {
namespace {

// `shape` with the rows of a slice instead of the whole's, or the other way round.
Shape WithRows(const Shape& shape, std::pair<int64_t, int64_t> rows) {
  std::vector<int64_t> extents = shape.extents();
  extents[0] = rows.first;
  extents[1] = rows.second;
  return Shape(shape.type(), std::move(extents));
}

bool HasRows(const Shape& shape, std::pair<int64_t, int64_t> rows) {
  return shape.rank() == 3 && shape[0] == rows.first && shape[1] == rows.second;
}

absl::Status CheckRows(const char* what, const Shape& shape, std::pair<int64_t, int64_t> rows) {
  if (HasRows(shape, rows)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("member slices: the ", what, " ", shape.ToString(), " is not [",
                                                 rows.first, ", ", rows.second, ", width]"));
}

std::byte* At(std::byte* region, Bytes offset) { return region == nullptr ? nullptr : region + offset; }

}  // namespace

absl::StatusOr<Shape> MemberSlices::WholeInput(const MemberSlicesSpec& spec, const Shape& input) {
  if (spec.input == MemberSlicesSpec::Input::kWhole) return input;
  BATON_RETURN_IF_ERROR(CheckRows("input", input, spec.rows.OfSlice()));
  return WithRows(input, spec.rows.OfWhole());
}

absl::StatusOr<std::unique_ptr<MemberSlices>> MemberSlices::Create(const Backend& backend, const MemberSlicesSpec& spec,
                                                                   const Shape& input, std::unique_ptr<Layer> inner) {
  Shape output = inner->output_shape();
  if (spec.output != MemberSlicesSpec::Output::kWhole) {
    BATON_RETURN_IF_ERROR(CheckRows("output", output, spec.rows.OfWhole()));
    output = WithRows(output, spec.rows.OfSlice());
  }
  return std::unique_ptr<MemberSlices>(new MemberSlices(backend, spec, input, output, std::move(inner)));
}

MemberSlices::MemberSlices(const Backend& backend, const MemberSlicesSpec& spec, const Shape& input,
                           const Shape& output, std::unique_ptr<Layer> inner)
    : backend_(backend),
      gathers_(spec.input != MemberSlicesSpec::Input::kWhole),
      sums_grad_input_(spec.input == MemberSlicesSpec::Input::kGatheredParts),
      recomputes_first_(spec.layers.front().recompute == RecomputeMode::kFull),
      output_(spec.output),
      num_members_(spec.rows.num_members),
      member_(spec.rows.member),
      input_shape_(input),
      output_shape_(output),
      inner_(std::move(inner)),
      inner_footprint_(inner_->footprint()),
      places_(FindPlaces()) {}

MemberSlices::Places MemberSlices::FindPlaces() const {
  const Bytes input = AlignUp(inner_->input_shape().NumBytes());
  const Bytes output = inner_->output_shape().empty() ? 0 : AlignUp(inner_->output_shape().NumBytes());
  Places places;
  places.stashed_input = inner_footprint_.stash;
  places.stashed_gradient = places.stashed_input + (KeepsInput() ? input : 0);
  places.stash_end = places.stashed_gradient + (KeepsGradient() ? output : 0);
  places.forward_input = inner_footprint_.scratch;
  places.forward_output = places.forward_input + (gathers_ ? input : 0);
  const Bytes forward_end = places.forward_output + (IsCut() ? output : 0);
  places.backward_input = inner_footprint_.scratch;
  places.backward_gradient = places.backward_input + (ReadsInput() && !KeepsInput() ? input : 0);
  places.grad_input = places.backward_gradient + (IsCut() && !KeepsGradient() ? output : 0);
  places.scratch_end = std::max(forward_end, places.grad_input + (gathers_ ? input : 0));
  return places;
}

InputUse MemberSlices::input_use() const {
  if (!gathers_) return inner_->input_use();
  return ReadsInput() ? InputUse::kBackwardInput : InputUse::kNever;
}

Footprint MemberSlices::footprint() const {
  Footprint footprint = inner_footprint_;
  footprint.stash = places_.stash_end;
  footprint.scratch = places_.scratch_end;
  return footprint;
}

MemberTraffic MemberSlices::member_traffic() const {
  MemberTraffic traffic = inner_->member_traffic();
  const Bytes input = inner_->input_shape().NumBytes();
  const Bytes output = IsCut() ? inner_->output_shape().NumBytes() : 0;
  const int backward = (ReadsInput() ? 1 : 0) + (sums_grad_input_ ? 1 : 0) + (RecomputesFirst() ? 1 : 0);
  if (gathers_) traffic.AddHalves({1, backward, input, backward * input});
  if (output_ == MemberSlicesSpec::Output::kSum) traffic.AddHalves({1, 1, output, output});
  if (output_ == MemberSlicesSpec::Output::kOwnRows) traffic.AddHalves({0, 1, 0, output});
  return traffic;
}

absl::Status MemberSlices::Gather(KernelStream stream, const PassBuffers& buffers, const Shape& slice,
                                  const std::byte* own, std::byte* whole) const {
  if (buffers.members != nullptr) {
    return buffers.members->Gather(stream, slice.type(), slice.NumElements(), own, whole);
  }
  for (int member = 0; member < num_members_; ++member) {
    BATON_RETURN_IF_ERROR(backend_.Copy(stream, own, slice.NumBytes(), whole + member * slice.NumBytes()));
  }
  return absl::OkStatus();
}

absl::Status MemberSlices::SumScatter(KernelStream stream, const PassBuffers& buffers, const Shape& slice,
                                      const std::byte* whole, std::byte* own) const {
  if (buffers.members != nullptr) {
    return buffers.members->SumScatter(stream, slice.type(), slice.NumElements(), whole, own);
  }
  return CopyOwnRows(stream, slice, whole, own);
}

absl::Status MemberSlices::CopyOwnRows(KernelStream stream, const Shape& slice, const std::byte* whole,
                                       std::byte* own) const {
  return backend_.Copy(stream, whole + member_ * slice.NumBytes(), slice.NumBytes(), own);
}

absl::Status MemberSlices::Forward(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  if (gathers_) {
    std::byte* const whole = buffers.scratch + places_.forward_input;
    BATON_RETURN_IF_ERROR(Gather(stream, buffers, input_shape_, buffers.input, whole));
    inner.input = whole;
  }
  if (IsCut()) inner.output = buffers.scratch + places_.forward_output;
  BATON_RETURN_IF_ERROR(inner_->Forward(stream, inner));
  if (output_ == MemberSlicesSpec::Output::kSum) {
    return SumScatter(stream, buffers, output_shape_, inner.output, buffers.output);
  }
  if (output_ == MemberSlicesSpec::Output::kOwnRows) {
    return CopyOwnRows(stream, output_shape_, inner.output, buffers.output);
  }
  return absl::OkStatus();
}

absl::Status MemberSlices::Recompute(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  inner.output = nullptr;
  if (gathers_) inner.input = nullptr;
  if (RecomputesFirst()) {
    std::byte* const whole = buffers.scratch + places_.forward_input;
    BATON_RETURN_IF_ERROR(Gather(stream, buffers, input_shape_, buffers.input, whole));
    inner.input = whole;
  }
  return inner_->Recompute(stream, inner);
}

absl::Status MemberSlices::BackwardInput(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  if (IsCut()) {
    std::byte* const whole =
        KeepsGradient() ? At(buffers.stash, places_.stashed_gradient) : At(buffers.scratch, places_.backward_gradient);
    BATON_RETURN_IF_ERROR(Gather(stream, buffers, output_shape_, buffers.grad_output, whole));
    inner.grad_output = whole;
  }
  if (ReadsInput()) {
    std::byte* const whole =
        KeepsInput() ? At(buffers.stash, places_.stashed_input) : At(buffers.scratch, places_.backward_input);
    BATON_RETURN_IF_ERROR(Gather(stream, buffers, input_shape_, buffers.input, whole));
    inner.input = whole;
  }
  if (!gathers_ || buffers.grad_input == nullptr) return inner_->BackwardInput(stream, inner);
  inner.grad_input = buffers.scratch + places_.grad_input;
  BATON_RETURN_IF_ERROR(inner_->BackwardInput(stream, inner));
  if (sums_grad_input_) return SumScatter(stream, buffers, input_shape_, inner.grad_input, buffers.grad_input);
  return CopyOwnRows(stream, input_shape_, inner.grad_input, buffers.grad_input);
}

absl::Status MemberSlices::BackwardWeight(KernelStream stream, const PassBuffers& buffers) {
  PassBuffers inner = buffers;
  if (gathers_) inner.input = KeepsInput() ? At(buffers.stash, places_.stashed_input) : nullptr;
  if (IsCut()) inner.grad_output = KeepsGradient() ? At(buffers.stash, places_.stashed_gradient) : nullptr;
  return inner_->BackwardWeight(stream, inner);
}

}  // namespace baton
