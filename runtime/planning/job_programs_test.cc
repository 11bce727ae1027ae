// Which programs a job has, and what they need.
#include "runtime/planning/job_programs.h"

#include <catch2/catch.hpp>
#include <vector>

#include "ops/reference/reference_backend.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/plan_job.h"

namespace baton {
namespace {

constexpr char kGpt[] = R"(
  model { gpt2 { layers: 4 width: 16 heads: 2 context: 12 vocabulary: 256 } }
  data { text: "text/*.txt" held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  pipeline { stages: 2 }
  run { steps: 4 })";

proto::Job MakeJob(const std::string& assignment) {
  proto::Job job = ParseJob(kGpt, "test").value();
  REQUIRE(ApplyOverride(job, assignment).ok());
  return ResolveJob(std::move(job)).value();
}

TEST_CASE("only a job that evaluates has an evaluation program") {
  const ReferenceBackend backend;
  const proto::Job trains = MakeJob("run.evaluate_every=0"), evaluates = MakeJob("run.evaluate_every=2");
  const JobPlan plan = PlanJob(backend, trains).value();
  const JobPrograms without = CompileJob(trains, plan.request).value();
  CHECK_FALSE(without.evaluation.has_value());
  const JobPrograms with = CompileJob(evaluates, plan.request).value();
  REQUIRE(with.evaluation.has_value());
  Bytes total = 0;
  for (int device = 0; device < 2; ++device) {
    CHECK(without.BytesOf(device) == without.training.devices[device].arena_bytes);
    CHECK(with.EvaluationBytesOf(device) == with.evaluation->devices[device].arena_bytes);
    CHECK(with.BytesOf(device) == without.BytesOf(device) + with.EvaluationBytesOf(device));
    total += with.BytesOf(device);
  }
  CHECK(with.TotalBytes() == total);
  CHECK(with.BytesOf(with.FullestDevice()) >= with.BytesOf(1 - with.FullestDevice()));
}

TEST_CASE("an evaluation has a forward's workspace and no permanent memory") {
  const ReferenceBackend backend;
  const JobPlan plan = PlanJob(backend, MakeJob("run.evaluate_every=2")).value();
  const Program training = Compile(plan.request).value();
  const Program evaluation = CompileEvaluation(plan.request).value();
  REQUIRE(evaluation.forward_only);
  for (int device = 0; device < 2; ++device) {
    const ChunkCosts& chunk = plan.request.costs.chunks[device];
    CHECK(evaluation.devices[device].workspace_bytes == chunk.forward_workspace_bytes);
    CHECK(evaluation.devices[device].workspace_bytes < training.devices[device].workspace_bytes);
    for (const ChunkMemory& memory : evaluation.devices[device].chunks) CHECK(memory.parameter_bytes == 0);
  }
}

}  // namespace
}  // namespace baton
