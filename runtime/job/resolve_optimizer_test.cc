// Wrong optimizers.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("wrong optimizers") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "optimizer.adamw.learning_rate=0",
            "optimizer.adamw.learning_rate: 0 must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.learning_rate=nan",
            "optimizer.adamw.learning_rate: nan must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.learning_rate=inf",
            "optimizer.adamw.learning_rate: inf must be above 0 and at most 1000"},
      Wrong{kGpt, "optimizer.adamw.weight_decay=-0.1", "optimizer.adamw.weight_decay: -0.1 must be from 0 to 1000"},
      Wrong{kGpt, "optimizer.adamw.beta1=1", "optimizer.adamw.beta1: 1 must be at least 0 and below 1"},
      Wrong{kGpt, "optimizer.adamw.beta2=-1", "optimizer.adamw.beta2: -1 must be at least 0 and below 1"},
      Wrong{kGpt, "optimizer.adamw.epsilon=0", "optimizer.adamw.epsilon: 0 must be above 0 and at most 1"},
      Wrong{kGpt, "optimizer.clip_norm=-1", "optimizer.clip_norm: -1 must be from 0 to 1e+30"},
      Wrong{kGpt, "optimizer.clip_norm=inf", "optimizer.clip_norm: inf must be from 0 to 1e+30"},
      Wrong{kGpt, "optimizer.min_ratio=1.5", "optimizer.min_ratio: 1.5 must be from 0 to 1"},
      Wrong{kGpt, "optimizer.warmup_steps=-1", "optimizer.warmup_steps: -1 must be at least 0"}));
}

}  // namespace
}  // namespace baton
