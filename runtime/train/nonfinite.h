// Where the numbers of a training step first stopped being finite, in words. Found by TrainingSession, printed by the
// trainer.
#ifndef BATON_RUNTIME_TRAIN_NONFINITE_H_
#define BATON_RUNTIME_TRAIN_NONFINITE_H_

#include <string>

namespace baton {

struct NonfiniteOrigin {
  // The first micro-batch whose loss is not finite; -1: all losses are finite.
  int loss_micro_batch = -1;
  // The first micro-batch with a gradient that is not finite, and the chunk whose backward pass of this micro-batch
  // made the first such gradient: among several the last one of the model, since backward passes begin there. -1: none.
  int micro_batch = -1;
  int chunk = -1;
};

// The first of what two parts of a run found in one step.
NonfiniteOrigin FirstOf(const NonfiniteOrigin& a, const NonfiniteOrigin& b);

// As "the loss is nan (first in micro-batch 2) and the gradient norm is nan; the first gradient that is not finite is
// that of chunk 3 in micro-batch 2".
std::string DescribeNonfinite(double loss, double gradient_norm, const NonfiniteOrigin& origin);

// "nan", "inf" or "-inf".
std::string NonfiniteName(double value);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_NONFINITE_H_
