// Batch norm by oneDNN: with the micro-batch's statistics in training, with the running ones in evaluations and if
// frozen.
#include "ops/host/batch_norm.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/one_dnn.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

using dnnl::memory;

struct BatchNormPrimitives {
  OneDnnPrimitive training, evaluation, backward;
};

// saved: mean and variance, [channels] f32 each. stash: the gradients of weight and bias, mean and unbiased variance.
// scratch: oneDNN's, then the input's gradient if the caller does not want it.
class HostBatchNorm final : public PrimitiveLayer {
 public:
  HostBatchNorm(int threads, LayerInfo info, const Footprint& footprint, Bytes grad_input_offset, bool frozen,
                BatchNormPrimitives primitives)
      : PrimitiveLayer(std::move(info), footprint),
        threads_(threads),
        channels_(input_shape()[1]),
        part_(AlignUp(channels_ * SizeOf(DataType::kFloat32))),
        grad_input_offset_(grad_input_offset),
        frozen_(frozen),
        primitives_(std::move(primitives)) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    const bool running = frozen_ || buffers.step == nullptr || !buffers.step->training;
    const void* mean = running ? Value<std::byte>(2) : buffers.saved;
    const void* variance = running ? Value<std::byte>(3) : buffers.saved + part_;
    OneDnnPrimitive& primitive = running ? primitives_.evaluation : primitives_.training;
    return primitive.Run(
        {buffers.input, mean, variance, Value<float>(0), Value<float>(1), buffers.output, buffers.scratch});
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    const ThreadScope scope(threads_);
    const void* mean = frozen_ ? Value<std::byte>(2) : buffers.saved;
    const void* variance = frozen_ ? Value<std::byte>(3) : buffers.saved + part_;
    std::byte* grad_input = buffers.grad_input != nullptr ? buffers.grad_input : buffers.scratch + grad_input_offset_;
    if (!frozen_) StashStatistics(buffers);
    return primitives_.backward.Run({buffers.input, mean, variance, Value<float>(0), Value<float>(1),
                                     buffers.grad_output, grad_input, buffers.stash, buffers.stash + part_,
                                     buffers.scratch});
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    for (int parameter = 0; parameter < (frozen_ ? 2 : 4); ++parameter) {
      AddTo(channels_, Floats(buffers.stash + parameter * part_), Gradient<float>(parameter));
    }
    return absl::OkStatus();
  }

 private:
  // PyTorch's running variance takes the unbiased one.
  void StashStatistics(const PassBuffers& buffers) const {
    const int64_t count = input_shape().NumElements() / channels_;
    const float unbias = static_cast<float>(count) / static_cast<float>(std::max<int64_t>(count - 1, 1));
    std::copy_n(Floats(buffers.saved), channels_, Floats(buffers.stash + 2 * part_));
    const float* variance = Floats(buffers.saved + part_);
    float* unbiased = Floats(buffers.stash + 3 * part_);
    for (int64_t c = 0; c < channels_; ++c) unbiased[c] = variance[c] * unbias;
  }

  const int threads_;
  const int64_t channels_;
  const Bytes part_;
  const Bytes grad_input_offset_;
  const bool frozen_;
  BatchNormPrimitives primitives_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostBatchNorm(const BatchNormSpec& spec, const Shape& input, int threads) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, BatchNormInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  const ThreadScope scope(threads);
  return CatchOneDnnErrors("batch norm", [&]() -> absl::StatusOr<std::unique_ptr<Layer>> {
    const memory::desc data({input[0], input[1], input[2], input[3]}, memory::data_type::f32, memory::format_tag::nchw);
    const memory::desc per_channel({spec.channels}, memory::data_type::f32, memory::format_tag::a);
    using Flags = dnnl::normalization_flags;
    const bool frozen = spec.statistics == BatchStatistics::kFrozen;
    const auto scaled = Flags::use_scale | Flags::use_shift;
    const auto running = scaled | Flags::use_global_stats;
    const auto epsilon = static_cast<float>(spec.epsilon);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::batch_normalization_forward::primitive_desc training(
        {dnnl::prop_kind::forward_training, data, epsilon, scaled}, attributes, OneDnnEngine());
    const dnnl::batch_normalization_forward::primitive_desc evaluation(
        {dnnl::prop_kind::forward_training, data, epsilon, running}, attributes, OneDnnEngine());
    const dnnl::batch_normalization_backward::primitive_desc backward(
        {dnnl::prop_kind::backward, data, data, epsilon, frozen ? running : scaled}, attributes, OneDnnEngine(),
        frozen ? evaluation : training);
    Bytes scratchpad = 0;
    for (const dnnl::memory::desc& desc :
         {training.scratchpad_desc(), evaluation.scratchpad_desc(), backward.scratchpad_desc()}) {
      scratchpad = std::max(scratchpad, AlignUp(static_cast<Bytes>(desc.get_size())));
    }
    const Bytes part = AlignUp(spec.channels * SizeOf(DataType::kFloat32));
    Footprint footprint;
    footprint.saved = 2 * part;
    footprint.stash = 4 * part;
    footprint.scratch = scratchpad + AlignUp(input.NumBytes());
    const auto forward_arguments = [&](const memory::desc& own) -> std::vector<OneDnnPrimitive::Argument> {
      return {{DNNL_ARG_SRC, data},          {DNNL_ARG_MEAN, per_channel},  {DNNL_ARG_VARIANCE, per_channel},
              {DNNL_ARG_SCALE, per_channel}, {DNNL_ARG_SHIFT, per_channel}, {DNNL_ARG_DST, data},
              {DNNL_ARG_SCRATCHPAD, own}};
    };
    BatchNormPrimitives primitives = {
        OneDnnPrimitive(dnnl::batch_normalization_forward(training), forward_arguments(training.scratchpad_desc())),
        OneDnnPrimitive(dnnl::batch_normalization_forward(evaluation), forward_arguments(evaluation.scratchpad_desc())),
        OneDnnPrimitive(dnnl::batch_normalization_backward(backward),
                        {{DNNL_ARG_SRC, data},
                         {DNNL_ARG_MEAN, per_channel},
                         {DNNL_ARG_VARIANCE, per_channel},
                         {DNNL_ARG_SCALE, per_channel},
                         {DNNL_ARG_SHIFT, per_channel},  // required but not read
                         {DNNL_ARG_DIFF_DST, data},
                         {DNNL_ARG_DIFF_SRC, data},
                         {DNNL_ARG_DIFF_SCALE, per_channel},
                         {DNNL_ARG_DIFF_SHIFT, per_channel},
                         {DNNL_ARG_SCRATCHPAD, backward.scratchpad_desc()}})};
    return std::make_unique<HostBatchNorm>(threads, std::move(info), footprint, scratchpad, frozen,
                                           std::move(primitives));
  });
}

}  // namespace baton
