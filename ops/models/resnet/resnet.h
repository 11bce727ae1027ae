// A residual network (He et al. 2016) that classifies images, in Hugging Face's form, as a list of layers. Used by
// runtime/planning to make a job's model.
#ifndef BATON_OPS_MODELS_RESNET_RESNET_H_
#define BATON_OPS_MODELS_RESNET_RESNET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"

namespace baton {

// Sizes are in [1, 2²⁰].
struct ResnetOptions {
  int64_t embedding = 64;       // channels behind the stem
  std::vector<int64_t> widths;  // channels of each stage
  std::vector<int64_t> depths;  // residual blocks of each stage; as many as widths
  bool bottleneck = true;       // blocks of three convolutions, the middle one with a quarter of the channels
  int64_t channels = 3, height = 0, width = 0;  // of an image
  int64_t classes = 0;
  bool downsample_in_first_stage = false;  // the first stage halves height and width, too
  bool downsample_in_bottleneck = false;   // a bottleneck's first convolution has the stride, not its second
  ActivationKind activation = ActivationKind::kRelu;  // behind the stem and each block; within blocks it is ReLU
  BatchStatistics statistics = BatchStatistics::kMicroBatch;
};

// One layer for each block, between which a split may cut. The first also has the stem, a convolution of 7 × 7 with
// stride 2 and a maximum of 3 × 3 with stride 2; the last also has the global average and the classifier. The first
// block of each stage but the first has stride 2. A block computes activation(shortcut(x) + layers(x)); the shortcut is
// x, or a convolution of 1 × 1 where channels or stride change. Each convolution has a batch norm and no bias. Input:
// [examples_per_micro_batch, channels, height, width] f32; targets: [examples_per_micro_batch] i32. The loss is the
// mean over a batch. Initial values of convolutions are normal with variance 2 / (outputs · kernel²) (He et al. 2015).
// Errors: InvalidArgument that names the field, such as `model.resnet.depths: 2 numbers for 3 widths`.
absl::StatusOr<ModelSpec> ResnetModel(const ResnetOptions& options, int64_t examples_per_micro_batch,
                                      int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_RESNET_RESNET_H_
