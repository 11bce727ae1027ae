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
      Wrong{kGpt, "pipeline.split={layers: [2, 2, 2, 2] layout: \"t\"}",
            "pipeline.split: layers and layout exclude each other"},
      Wrong{kGpt, "pipeline.split={balanced {} layout: \"t\" layers: [8]}",
            "pipeline.split: balanced and layers and layout exclude each other"},
      Wrong{kGpt, "pipeline.split.layout=Ett|t*4|ttL",
            "pipeline.split.layout: 3 chunks, but pipeline.stages: 4 and pipeline.chunks_per_device: 1 need 4"},
      Wrong{kGpt, "pipeline.split.layout=E(t|)*3,ttL", "pipeline.split.layout: 5 t, but model.gpt2.layers: 8"},
      Wrong{kGpt, "pipeline.split.layout=E(t|)*2,mtt|tL",
            "pipeline.split.layout: character 9: m is a layer for multi-token prediction, which Baton's models do not "
            "have"},
      Wrong{kLayers, "pipeline.stages=2;pipeline.split.layout=ttt|ttt",
            "pipeline.split.layout: its t are the blocks of a gpt2, llama, bert or vit, but the model is model.layer; "
            "give pipeline.split.layers instead"},
      Wrong{kLayers, "pipeline.stages=2;pipeline.split.layers=3,4",
            "pipeline.split.layers: 3 + 4 = 7, but the layers of model.layer: 6"}));
}

TEST_CASE("a layout becomes the layers of each chunk, and resolves to itself") {
  const auto job = ResolveJob(Make(kGpt, "pipeline.split.layout=Et*3|(t|)*2,t*3,L"));
  REQUIRE(job.status() == absl::OkStatus());
  CHECK(job->pipeline().split().ShortDebugString() == "layers: 3 layers: 1 layers: 1 layers: 3");
  const auto twice = ResolveJob(*job);
  REQUIRE(twice.status() == absl::OkStatus());
  CHECK(twice->SerializeAsString() == job->SerializeAsString());
}

}  // namespace
}  // namespace baton
