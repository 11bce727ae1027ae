// Every field of a job against a problem made afresh: whatever a field changes, a changed problem has it too.
#include "tools/baton/problem.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ops/models/rates.h"
#include "runtime/job/load.h"
#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr char kJob[] = "examples/gpt_host.textproto";

// Times that depend on all that a measurement depends on: the layers, and the fields that say how a device computes.
class FakeTimer {
 public:
  LayerTimer Timer() {
    return [this](const Backend& backend, const proto::Job& job, ModelTable& table) -> absl::StatusOr<TransferCosts> {
      ++calls_;
      DeviceRates rates;
      rates.flops_per_ns = 1 + job.devices().threads_each() + 10 * job.devices().precision() +
                           100 * static_cast<int>(job.devices().deterministic()) +
                           1000 * job.model().gpt2().activation();
      rates.bytes_per_ns = 0;  // no time for bytes, which would hide the others
      if (absl::Status status = TimeByRates(backend, table.model, rates, table.costs); !status.ok()) return status;
      return TransferCosts{table.model.input_shape.NumBytes(), 7};
    };
  }
  int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

struct Prediction {
  Nanos step_time = 0;
  std::vector<Bytes> memory;
  bool operator==(const Prediction& other) const { return step_time == other.step_time && memory == other.memory; }
};

absl::StatusOr<Prediction> Predict(const absl::StatusOr<Problem>& problem) {
  if (!problem.ok()) return problem.status();
  absl::StatusOr<CompileRequest> request = problem->RequestFor(problem->schedule());
  if (!request.ok()) return request.status();
  const absl::StatusOr<Program> program = problem->CompileProgram(*request);
  if (!program.ok()) return program.status();
  const absl::StatusOr<Trace> trace = Simulate(*program, request->costs);
  if (!trace.ok()) return trace.status();
  Prediction prediction;
  const StepReport report = Analyze(*program, *trace);
  prediction.step_time = report.step_time;
  for (const DeviceReport& device : report.devices) prediction.memory.push_back(device.peak_bytes);
  return prediction;
}

// The paths of all scalar fields, and of messages without fields; lists of messages are left out.
void AddPaths(const Descriptor& message, const std::string& prefix, std::vector<std::string>* paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (field.message_type() == nullptr) {
      paths->push_back(path);
    } else if (!field.is_repeated()) {
      AddPaths(*field.message_type(), path + ".", paths);
    }
  }
}

TEST_CASE("a changed problem predicts as one that is made afresh, for each field of a job") {
  FakeTimer timer;
  ProblemFlags flags;
  flags.job = kJob;
  flags.with_schedule = true;
  const absl::StatusOr<Problem> base = Problem::Create(flags, timer.Timer());
  REQUIRE(base.status() == absl::OkStatus());
  const absl::StatusOr<Prediction> as_it_is = Predict(base);
  REQUIRE(as_it_is.status() == absl::OkStatus());
  std::vector<std::string> paths;
  AddPaths(*proto::Job::descriptor(), "", &paths);
  const std::vector<std::string> values = {"2",
                                           "4",
                                           "32",
                                           "0.5",
                                           "FULL",
                                           "ATTENTION",
                                           "RELU",
                                           "SPAN",
                                           "zb-h1",
                                           "interleaved",
                                           "BF16",
                                           "TF32",
                                           "1us",
                                           "A100",
                                           "\"text\"",
                                           "false",
                                           "[FULL, NONE, NONE, NONE, NONE, NONE, NONE, NONE]",
                                           "[1, 2, 2, 3]"};
  std::set<std::string> differ;
  for (const std::string& path : paths) {
    for (const std::string& value : values) {
      ProblemFlags changed = flags;
      changed.overrides = {absl::StrCat(path, "=", value)};
      CAPTURE(changed.overrides[0]);
      if (!LoadJob(kJob, changed.overrides).ok()) continue;  // the value is not one of this field
      const absl::StatusOr<Prediction> fresh = Predict(Problem::Create(changed, timer.Timer()));
      const absl::StatusOr<Prediction> reused = Predict(base->Changed(changed));
      CHECK(fresh.status() == reused.status());
      if (!fresh.ok() || !reused.ok()) continue;
      CHECK(fresh->step_time == reused->step_time);
      CHECK(fresh->memory == reused->memory);
      if (!(*fresh == *as_it_is)) differ.insert(path);
    }
  }
  // The values reach the fields that change costs.
  for (const char* path :
       {"model.gpt2.width", "model.gpt2.activation", "batch.sequences", "batch.micro_batches", "pipeline.stages",
        "pipeline.schedule", "pipeline.recompute", "pipeline.recompute_layers", "pipeline.split.layers",
        "devices.threads_each", "devices.intra.latency", "devices.device"}) {
    CAPTURE(path);
    CHECK(differ.count(path) == 1);
  }
}

TEST_CASE("layers are measured again only if their times change") {
  FakeTimer timer;
  ProblemFlags flags;
  flags.job = kJob;
  flags.with_schedule = true;
  const absl::StatusOr<Problem> base = Problem::Create(flags, timer.Timer());
  REQUIRE(base.ok());
  CHECK(timer.calls() == 1);
  for (const char* same : {"pipeline.schedule=gpipe", "pipeline.stages=2", "devices.intra.latency=3us", "run.seed=4",
                           "optimizer.adamw.learning_rate=0.5", "pipeline.split.layers=[1, 2, 2, 3]"}) {
    ProblemFlags changed = flags;
    changed.overrides = {same};
    CAPTURE(same);
    CHECK(base->Changed(changed).status() == absl::OkStatus());
    CHECK(timer.calls() == 1);
  }
  ProblemFlags changed = flags;
  changed.overrides = {"pipeline.recompute=FULL"};
  CHECK(base->Changed(changed).status() == absl::OkStatus());
  CHECK(timer.calls() == 2);
}

TEST_CASE("predictions count the optimizer state that replicas share, and the gathers of what they update") {
  FakeTimer timer;
  ProblemFlags flags;
  flags.job = kJob;
  flags.with_schedule = true;
  const auto program_of = [&](const char* parallel) {
    flags.overrides = {"batch={sequences: 16 micro_batches: 8}", parallel};
    const absl::StatusOr<Problem> problem = Problem::Create(flags, timer.Timer());
    REQUIRE(problem.status() == absl::OkStatus());
    const absl::StatusOr<CompileRequest> request = problem->RequestFor(problem->schedule());
    REQUIRE(request.status() == absl::OkStatus());
    absl::StatusOr<Program> program = problem->CompileProgram(*request);
    REQUIRE(program.status() == absl::OkStatus());
    return *std::move(program);
  };
  const Program whole = program_of("parallel={replicas: 2}");
  const Program sharded = program_of("parallel={replicas: 2 zero: 1}");
  REQUIRE(whole.devices.size() == sharded.devices.size());
  const auto num_gathers = [&](const DeviceProgram& device) {
    return std::count_if(device.instructions.begin(), device.instructions.end(), [&](const Instruction& each) {
      const auto* gather = std::get_if<AllGather>(&each.operation);
      return gather != nullptr && sharded.reduce_groups[gather->group].kind == ReduceKind::kShardedUpdate;
    });
  };
  for (size_t device = 0; device < whole.devices.size(); ++device) {
    CAPTURE(device);
    CHECK(num_gathers(whole.devices[device]) == 0);
    CHECK(num_gathers(sharded.devices[device]) == static_cast<int64_t>(sharded.devices[device].chunks.size()));
    const Bytes saved =
        whole.devices[device].chunks[0].optimizer_bytes - sharded.devices[device].chunks[0].optimizer_bytes;
    CHECK(saved > 0);
    CHECK(whole.devices[device].arena_bytes - sharded.devices[device].arena_bytes == saved);
  }
}

TEST_CASE("a program is refused by the memory that it takes, not by its number of passes") {
  ProblemFlags flags;
  flags.stages = 512;
  flags.micro_batches = 4096;
  const absl::StatusOr<Problem> large = Problem::Create(flags);
  REQUIRE(large.ok());
  CHECK(large->RequestFor("1f1b").status() == absl::OkStatus());
  flags.micro_batches = 1 << 24;
  const absl::StatusOr<Problem> too_large = Problem::Create(flags);
  REQUIRE(too_large.ok());
  CHECK(too_large->RequestFor("1f1b").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a stage's costs are divided among its chunks, recomputed bytes too") {
  ProblemFlags flags;
  flags.stages = 2;
  flags.micro_batches = 4;
  flags.schedule = "interleaved";
  flags.forward = flags.backward_input = flags.backward_weight = "8ms";
  flags.recompute = "4ms";
  flags.activation_bytes = 1 << 20;
  flags.search.weight_fraction = 0.25;
  const auto of_stage = [&](int chunks) {
    flags.chunks = chunks;
    const absl::StatusOr<Problem> problem = Problem::Create(flags);
    REQUIRE(problem.status() == absl::OkStatus());
    const absl::StatusOr<CompileRequest> request = problem->RequestFor("interleaved");
    REQUIRE(request.status() == absl::OkStatus());
    ChunkCosts sum;
    for (int i = 0; i < chunks; ++i) {
      const ChunkCosts& chunk = request->costs.chunks[i];
      sum.forward_ns += chunk.forward_ns;
      sum.recompute_ns += chunk.recompute_ns;
      sum.recomputed_bytes += chunk.recomputed_bytes;
      sum.recomputed_weight_bytes += chunk.recomputed_weight_bytes;
    }
    return sum;
  };
  const ChunkCosts one = of_stage(1), four = of_stage(4);
  CHECK(one.recomputed_bytes == 3 << 18);
  CHECK(four.forward_ns == one.forward_ns);
  CHECK(four.recompute_ns == one.recompute_ns);
  CHECK(four.recomputed_bytes == one.recomputed_bytes);
  CHECK(four.recomputed_weight_bytes == one.recomputed_weight_bytes);
}

}  // namespace
}  // namespace baton
