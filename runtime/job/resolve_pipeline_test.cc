// Wrong pipelines.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("wrong pipelines") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "pipeline.stages=0", "pipeline.stages: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.stages=-4", "pipeline.stages: -4 must be at least 1"},
      Wrong{kGpt, "pipeline.stages=9",
            "pipeline: stages: 9 and chunks_per_device: 1 make 9 chunks, more than model.gpt2.layers: 8"},
      Wrong{kMlp, "pipeline.stages=2;pipeline.chunks_per_device=2",
            "pipeline: stages: 2 and chunks_per_device: 2 make 4 chunks, more than the layers of model.mlp.sizes: 3"},
      Wrong{kGpt, "pipeline.chunks_per_device=0", "pipeline.chunks_per_device: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.schedule=", "pipeline.schedule is missing: a name from the catalog of schedules"},
      Wrong{kGpt, "pipeline.schedule=csv", "pipeline.order is missing: the file with the order of schedule: \"csv\""},
      Wrong{kGpt, "pipeline={ schedule: \"gpipe\" order: \"a.csv\" }",
            "pipeline.order: goes with pipeline.schedule: \"csv\", not with \"gpipe\""},
      Wrong{kGpt, "pipeline.split={balanced {} layers: [8]}", "pipeline.split: balanced and layers exclude each other"},
      Wrong{kGpt, "pipeline.split.layers=2,2,3,3",
            "pipeline.split.layers: 2 + 2 + 3 + 3 = 10, but model.gpt2.layers: 8"},
      Wrong{kGpt, "pipeline.split.layers=4,4",
            "pipeline.split.layers: 2 numbers, but pipeline.stages: 4 and pipeline.chunks_per_device: 1 need 4"},
      Wrong{kGpt, "pipeline.split.layers=4,4,0,0", "pipeline.split.layers[2]: 0 must be at least 1"},
      Wrong{kGpt, "pipeline.split.layers=4,4,2147483647,1",
            "pipeline.split.layers[2]: 2147483647 must be at most 4096"},
      Wrong{kGpt, "pipeline.recompute_layers=FULL,NONE",
            "pipeline.recompute_layers: 2 values, but model.gpt2.layers: 8"},
      Wrong{kMlp, "pipeline.recompute_layers=FULL,NONE,FULL;pipeline.recompute=FULL",
            "pipeline: recompute and recompute_layers exclude each other"},
      Wrong{kLayers, "pipeline.stages=2;pipeline.split.layers=3,4",
            "pipeline.split.layers: 3 + 4 = 7, but the layers of model.layer: 6"}));
}

}  // namespace
}  // namespace baton
