// Every schedule of the catalog compiles and is proven; an unknown one is rejected.
#include "schedules/compile/compile.h"

#include <catch2/catch.hpp>

#include "schedules/catalog/catalog.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/program/structure.h"
#include "schedules/search/searched_schedules.h"
#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

CompileRequest Request(std::string_view schedule, int stages, int micro_batches) {
  CompileRequest request;
  request.schedule = std::string(schedule);
  const auto info = FindAnySchedule(schedule);
  request.chunks_per_device = info.ok() ? (*info)->default_chunks : 1;
  const int num_chunks = stages * request.chunks_per_device;
  request.num_stages = stages;
  request.num_micro_batches = micro_batches;
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1000;
  chunk.parameter_bytes = 640;
  request.costs.chunks.assign(num_chunks, chunk);
  ReduceGroup norm = {ReduceKind::kGradientNorm, "gradient norm", {}, 8};
  for (int i = 0; i < num_chunks; ++i) norm.members.push_back(i);
  // If both tied uses of a parameter are in one chunk, the chunk is listed twice.
  request.reduce_groups = {{ReduceKind::kTiedGradient, "tied", {0, num_chunks - 1}, 64}, norm};
  return request;
}

TEST_CASE("every schedule of the catalog compiles, is proven and runs to its end") {
  const int stages = GENERATE(1, 2, 3, 8);
  const int micro_batches = GENERATE(1, 2, 7, 16);
  for (const ScheduleInfo* schedule : AllSchedules()) {
    const CompileRequest request = Request(schedule->name, stages, micro_batches);
    CAPTURE(request.schedule, stages, micro_batches);
    const auto program = Compile(request);
    REQUIRE(program.status() == absl::OkStatus());
    CHECK(Simulate(*program, request.costs).status() == absl::OkStatus());
    const auto evaluation = CompileForwardOnly(request);
    REQUIRE(evaluation.status() == absl::OkStatus());
    CHECK(evaluation->forward_only);
    for (const Program* each : {&*program, &*evaluation}) {
      const auto read = ParseProgramProto(PrintProgramProto(*each));
      REQUIRE(read.status() == absl::OkStatus());
      CHECK(SameProgram(*read, *each));
    }
    CHECK(evaluation->placement == program->placement);
  }
}

TEST_CASE("a program is compiled for the transport that is asked for") {
  CompileRequest request = Request("1f1b", 3, 4);
  const auto plain = Compile(request);
  REQUIRE(plain.ok());
  request.transport = {0, QueueKind::kPerDevice};
  const auto program = Compile(request);
  REQUIRE(program.ok());
  CHECK(Simulate(*program, request.costs, {request.transport}).ok());
  CHECK_FALSE(Simulate(*plain, request.costs, {request.transport}).ok());
}

TEST_CASE("an order of one's own is compiled as it is, with its own placement") {
  CompileRequest request = Request("csv", 2, 2);
  const auto order = MakeOrder("gpipe", {2, 2});
  REQUIRE(order.ok());
  ComputeOrder swapped = *order;
  swapped.placement = ChunkPlacement::Of({1, 0});
  std::swap(swapped.devices[0], swapped.devices[1]);
  request.order = std::make_shared<const ComputeOrder>(swapped);
  const auto program = Compile(request);
  REQUIRE(program.status() == absl::OkStatus());
  CHECK(program->placement == swapped.placement);
  const auto evaluation = CompileForwardOnly(request);
  REQUIRE(evaluation.ok());
  CHECK(evaluation->forward_only);
  CHECK(evaluation->placement == swapped.placement);
  request.num_micro_batches = 3;
  CHECK(Compile(request).status().message() ==
        "pipeline.order: the file has 2 micro-batches, but batch.micro_batches is 3");
}

TEST_CASE("a limit holds for every schedule, and a searched one keeps it") {
  CompileRequest request = Request("zb-h2", 4, 12);
  request.search.limit.micro_batches = {5};
  CHECK(Compile(request).status().message() ==
        "pipeline.search.activation_limit_micro_batches: device 0 has 7 micro-batches of live activations; its limit "
        "is 5 "
        "micro-batches");
  request.schedule = "1f1b";
  CHECK(Compile(request).ok());
  request.schedule = "zb-auto";
  Certificate certificate;
  const auto program = Compile(request, &certificate);
  REQUIRE(program.status() == absl::OkStatus());
  const auto trace = Simulate(*program, request.costs);
  REQUIRE(trace.ok());
  CHECK(certificate.lower_bound_ns > 0);
  CHECK(certificate.objective_ns >= certificate.lower_bound_ns);
  request.search.limit.micro_batches = {0.5};
  CHECK(Compile(request).status().message() ==
        "pipeline.search.activation_limit_micro_batches: device 0 is limited to 0.5 micro-batches; the smallest limit "
        "that any order can keep is 1 micro-batch, for one micro-batch in flight");
  CHECK(Compile(request).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("an unknown schedule is refused with the known ones") {
  const auto program = Compile(Request("1f2b", 2, 2));
  CHECK(program.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(program.status().message()).find("gpipe") != std::string::npos);
}

}  // namespace
}  // namespace baton
