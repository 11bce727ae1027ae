// Counts scores in whole tiles.
#include "ops/models/attention_kernels.h"

#include <algorithm>
#include <utility>

#include "ops/models/kernel_makers.h"

namespace baton {
namespace {

// Attention computes whole squares of scores; on the diagonal half of one is masked.
constexpr int64_t kScoresTile = 128;

// The number of scores that the kernels compute.
double Scores(const AttentionSpec& spec, const Shape& input) {
  const auto context = static_cast<double>(input[1]);
  double keys = context;
  if (spec.causal) keys = std::min(context, (context + kScoresTile) / 2);
  if (spec.window > 0) keys = std::min(keys, static_cast<double>(spec.window + kScoresTile));
  return static_cast<double>(input[0] * spec.heads) * context * keys;
}

}  // namespace

LayerKernels AttentionKernels(const AttentionSpec& spec, const Layer& layer) {
  const Shape& input = layer.input_shape();
  const Bytes queries = layer.output_shape().NumBytes();
  const double scores = Scores(spec, input), head = static_cast<double>(spec.HeadWidth());
  const LayerFlops flops = layer.flops();
  Kernel forward = Pass("attention", "attention", flops.forward, input.NumBytes() + queries);
  forward.shape.extents = {{"sequences", static_cast<double>(input[0])}, {"context", static_cast<double>(input[1])},
                           {"heads", static_cast<double>(spec.heads)},   {"width", head},
                           {"causal", spec.causal ? 1.0 : 0.0},          {"window", static_cast<double>(spec.window)}};
  forward.shape.words = {{"pass", "forward"}, {"type", NameOfType(input.type())}};
  forward.kind = KernelKind::kAttention;
  forward.tiled_flops = 4 * head * scores;
  forward.scores = scores;
  forward.overlaps_softmax = true;
  // Row sums of the gradient times the output, then five products; the scores' gradients are written and read, so that
  // they are summed in a fixed order.
  const Bytes ordered = 2 * SizeOf(input.type()) * static_cast<Bytes>(scores);
  Kernel backward = forward;
  backward.launches = 2;
  backward.flops = flops.backward_input;
  backward.bytes = 2 * queries + 2 * input.NumBytes() + 3 * queries + ordered;
  backward.shape.words["pass"] = "backward";
  backward.tiled_flops = 10 * head * scores;
  backward.overlaps_softmax = false;
  LayerKernels kernels;
  kernels.forward = {std::move(forward)};
  kernels.backward_input = {std::move(backward)};
  return kernels;
}

}  // namespace baton
