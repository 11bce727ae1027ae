// A vision transformer (Dosovitskiy et al. 2021) that classifies images, as a list of layers. Used by runtime/planning
// to make a job's model.
#ifndef BATON_OPS_MODELS_VIT_VIT_H_
#define BATON_OPS_MODELS_VIT_VIT_H_

#include "absl/status/statusor.h"
#include "ops/layers/spec.h"
#include "ops/models/transformer_dropout.h"

namespace baton {

// Sizes are in [1, 2²⁰].
struct VitOptions {
  int64_t layers = 0;                                 // blocks
  int64_t width = 0;                                  // channels of an activation
  int64_t heads = 0;                                  // divides width
  int64_t feed_forward = 0;                           // width between the two linear layers of a block
  int64_t channels = 3, height = 0, image_width = 0;  // of an image
  int64_t patch = 0;                                  // edge of a patch in pixels; divides height and image_width
  int64_t classes = 0;
  ActivationKind activation = ActivationKind::kGelu;
  double epsilon = 1e-12;  // of the layer norms
  bool query_key_value_bias = true;
  TransformerDropout dropout{};
};

// One layer for each block, between which a split may cut. The first also has the patches, class token and positions;
// the last also has the final norm and the classifier, which reads the class token. A block computes
// x + output(attention(qkv(norm_1(x)))), then x + down(activation(up(norm_2(x)))).
// Input: [examples_per_micro_batch, channels, height, image_width] f32; targets: [examples_per_micro_batch] i32. The
// loss is the mean over a batch. The projection of patches is linear: [width, channels · patch · patch], in the order
// of a convolution's weight. Initial values of weights are normal with standard deviation 0.02. Errors: InvalidArgument
// that names the field, such as `model.vit.heads: 3 does not divide width: 128`.
absl::StatusOr<ModelSpec> VitModel(const VitOptions& options, int64_t examples_per_micro_batch,
                                   int64_t examples_per_batch);

}  // namespace baton

#endif  // BATON_OPS_MODELS_VIT_VIT_H_
