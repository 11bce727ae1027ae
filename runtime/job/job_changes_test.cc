// Which fields may differ between a run and the one that goes on from it.
#include "runtime/job/job_changes.h"

#include <catch2/catch.hpp>

#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

proto::Job Resolved(const std::string& text, const std::string& overrides) {
  return ResolveJob(Make(text, overrides)).value();
}

std::string Refusal(const std::string& changes, const std::vector<std::string>& allowed = {},
                    const std::string& common = "") {
  return std::string(
      CheckJobGoesOn(Make(kGpt, common), Resolved(kGpt, common + (common.empty() ? "" : ";") + changes), allowed)
          .message());
}

TEST_CASE("what changes no bit may differ") {
  CHECK(Refusal("name=other") == "");
  CHECK(Refusal("pipeline.stages=2;pipeline.schedule=zb-h1;pipeline.recompute=FULL") == "");
  CHECK(Refusal("pipeline.split.layers=[1,2,2,3]") == "");
  CHECK(Refusal("checkpoint.every=7;run.log_every=3;run.evaluate_every=5;run.time_limit=9") == "");
  CHECK(Refusal("data.text=elsewhere/*.txt") == "");
}

TEST_CASE("what bits depend on is refused by its field and both values") {
  CHECK(Refusal("run.seed=2") == "run.seed: 2 must be 1 (or --allow-change=run.seed)");
  CHECK(Refusal("batch.micro_batches=4;devices.threads_each=2") ==
        "batch.micro_batches: 4 must be 8 (or --allow-change=batch.micro_batches); "
        "devices.threads_each: 2 must be 1 (or --allow-change=devices.threads_each)");
  CHECK(Refusal("devices.head_in_blocks=true") ==
        "devices.head_in_blocks: true must be unset (or --allow-change=devices.head_in_blocks)");
  CHECK(Refusal("optimizer.adamw.learning_rate=0.5") ==
        "optimizer.adamw.learning_rate: 0.5 must be 0.001 (or --allow-change=optimizer.adamw.learning_rate)");
  CHECK(Refusal("run.initial_weights=w") ==
        "run.initial_weights: \"w\" must be \"\" (or --allow-change=run.initial_weights)");
  CHECK(Refusal("model.gpt2.heads=8") == "model.gpt2.heads: 8 must be 4");
  CHECK(Refusal("data.held_out=0.5") == "data.held_out: 0.5 must be 0.05 (or --allow-change=data.held_out)");
}

TEST_CASE("the number of steps is free unless the learning rate depends on it") {
  CHECK(Refusal("run.steps=400") == "");
  CHECK(Refusal("run.steps=400", {}, "optimizer.decay=COSINE") ==
        "run.steps: 400 must be 300 (or --allow-change=run.steps)");
}

TEST_CASE("a field is allowed by its name or by that of a message around it") {
  CHECK(Refusal("optimizer.adamw.learning_rate=0.5", {"optimizer.adamw.learning_rate"}) == "");
  CHECK(Refusal("optimizer.adamw.learning_rate=0.5", {"optimizer"}) == "");
  CHECK(Refusal("optimizer.adamw.learning_rate=0.5", {"optimizer.adamw.learning_rat"}) ==
        "--allow-change: a job has no field \"optimizer.adamw.learning_rat\"; did you mean \"learning_rate\"?");
  CHECK(Refusal("run.seed=2", {"run.seed.x"}) == "--allow-change: a job has no field \"run.seed.x\"");
  CHECK(Refusal("run.seed=2", {"model.gpt2.width"}) ==
        "--allow-change: model.gpt2.width cannot change: the state of another model would not fit");
}

TEST_CASE("another kind of model differs as a whole, lists too") {
  const std::vector<JobChange> changes = CompareJobs(Resolved(kMlp, ""), Resolved(kMlp, "model.mlp.sizes=[784,10]"));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].field == "model.mlp.sizes");
  CHECK(changes[0].before == "[784, 512, 256, 10]");
  CHECK(changes[0].after == "[784, 10]");
  const std::vector<JobChange> kinds = CompareJobs(Resolved(kMlp, ""), Resolved(kLayers, ""));
  REQUIRE(kinds.size() == 3);
  CHECK(kinds[0].field == "model.mlp");
  CHECK(kinds[0].after == "");
}

}  // namespace
}  // namespace baton
