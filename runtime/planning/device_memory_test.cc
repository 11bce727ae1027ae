// Refusals name both numbers.
#include "runtime/planning/device_memory.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "ops/reference/reference_backend.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/prepare_job.h"
#include "runtime/transport/nccl/staging.h"

namespace baton {
namespace {

TEST_CASE("more than the free memory is refused with both numbers") {
  CHECK(CheckFreeMemory("training", 0).ok());
  const absl::Status status = CheckFreeMemory("training", Bytes{1} << 50);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(status.message(), "model: training needs 1024 TiB, but "));
}

// Two replicas of two stages. The gradients of each stage, the tied embedding and the norms
// are sums.
proto::Job MakeJob(const std::vector<std::string>& assignments) {
  proto::Job job = ParseJob(R"(
    model { gpt2 { layers: 4 width: 16 heads: 2 context: 12 vocabulary: 256 } }
    data { text: "text/*.txt" held_out: 0.05 }
    batch { sequences: 8 micro_batches: 4 ramp { from: 4 by: 4 every_steps: 2 } }
    pipeline { stages: 2 }
    parallel { replicas: 2 }
    run { steps: 4 evaluate_every: 2 })",
                            "test")
                       .value();
  for (const std::string& assignment : assignments) REQUIRE(ApplyOverride(job, assignment).ok());
  return ResolveJob(std::move(job)).value();
}

JobPrograms ProgramsOf(const proto::Job& job, int num_processes) {
  return PrepareJob(ReferenceBackend(), job, TransportModel{}, num_processes).value().programs;
}

TEST_CASE("GPUs of several processes need staging for each sum, in each program, on the first member that is there") {
  const proto::Job job = MakeJob({"devices.backend=CUDA", "devices.per_process=[1, 3]"});
  const JobPrograms alone = ProgramsOf(job, 1);
  const JobPrograms split = ProgramsOf(job, 2);
  REQUIRE(split.rank_of_device == std::vector<int>{0, 1, 1, 1});
  Bytes all = 0;
  for (int device = 0; device < 4; ++device) {
    CHECK(alone.ExchangeBytesOf(device) == 0);
    CHECK(split.BytesOf(device) == alone.BytesOf(device) + split.ExchangeBytesOf(device));
    all += split.ExchangeBytesOf(device);
  }
  Bytes expected = 0;  // device 0 is alone in its process: each of its sums with others has staging on both sides
  REQUIRE(split.ramp.size() == 1);
  for (const Program* program : {&split.training, &split.ramp[0]}) {
    for (const ReduceGroup& group : program->reduce_groups) {
      int num_on_0 = 0;
      for (const int32_t member : group.members) num_on_0 += program->placement.replicas()[member].device == 0;
      if (num_on_0 == 0 || num_on_0 == static_cast<int>(group.members.size())) continue;
      expected += 2 * StagingBytes(static_cast<int>(group.members.size()));
    }
  }
  CHECK(split.ExchangeBytesOf(0) > 0);
  CHECK(2 * split.ExchangeBytesOf(0) == all);
  CHECK(all == expected);
  // Without a number of processes, the job says how many there are.
  CHECK(ProgramsOf(job, 0).ExchangeBytesOf(0) == split.ExchangeBytesOf(0));
  // Processes of the host sum in slots and in the host's memory.
  CHECK(ProgramsOf(MakeJob({"devices.per_process=[1, 3]"}), 2).ExchangeBytesOf(0) == 0);
}

TEST_CASE("devices that share a GPU share its memory") {
  const JobPrograms programs = ProgramsOf(MakeJob({"devices.backend=CUDA"}), 1);
  const auto need = [&](const std::vector<std::string>& assignments) {
    std::vector<std::string> all = {"devices.backend=CUDA"};
    all.insert(all.end(), assignments.begin(), assignments.end());
    return FullestMemory(MakeJob(all), programs);
  };
  const int fullest = programs.FullestDevice();
  CHECK(need({}).devices == std::vector<int>{fullest});
  CHECK(need({}).bytes == programs.BytesOf(fullest));
  CHECK(need({"devices.gpus=4"}).bytes == programs.BytesOf(fullest));
  const MemoryNeed one = need({"devices.gpus=1"});
  CHECK(one.devices == std::vector<int>{0, 1, 2, 3});
  CHECK(one.bytes == programs.BytesOf(0) + programs.BytesOf(1) + programs.BytesOf(2) + programs.BytesOf(3));
  const MemoryNeed two = need({"devices.gpus=2"});
  CHECK(two.bytes == std::max(programs.BytesOf(0) + programs.BytesOf(2), programs.BytesOf(1) + programs.BytesOf(3)));
  // Each device fits by itself, but not two of them.
  const double gib = 1.5 * static_cast<double>(programs.BytesOf(fullest)) / static_cast<double>(Bytes{1} << 30);
  const std::string memory = absl::StrCat("devices.memory_gib=", gib);
  CHECK(CheckDeviceMemory(MakeJob({"devices.backend=CUDA", memory}), programs).ok());
  const absl::Status status = CheckDeviceMemory(MakeJob({"devices.backend=CUDA", "devices.gpus=2", memory}), programs);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StrContains(status.message(), "devices.memory_gib: the GPU of devices "));
}

TEST_CASE("a job that fits in one process alone is refused in several, with what the sums need") {
  const proto::Job job = MakeJob({"devices.backend=CUDA", "devices.memory_gib=0.004"});
  CHECK(PrepareJob(ReferenceBackend(), job, TransportModel{}, 1).ok());
  const absl::Status status = PrepareJob(ReferenceBackend(), job, TransportModel{}, 4).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(status.message(), "devices.memory_gib: device 0 needs "));
  CHECK(absl::StrContains(
      status.message(),
      absl::StrCat(", sums with other processes ",
                   FormatBytes(ProgramsOf(MakeJob({"devices.backend=CUDA"}), 4).ExchangeBytesOf(0)))));
  CHECK(PrepareJob(ReferenceBackend(), job, TransportModel{}, 5).status().message() ==
        "devices.count: 4 for 5 processes, which need a device each; start at most 4");
}

}  // namespace
}  // namespace baton
