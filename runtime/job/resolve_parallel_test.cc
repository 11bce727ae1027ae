// Replicas, sum groups and numbers of devices, and wrong ones.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("without parallel there is one replica, one sum group and a device a stage") {
  const proto::Job job = ResolveJob(Make(kGpt, "")).value();
  CHECK(job.parallel().replicas() == 1);
  CHECK(job.parallel().zero() == 0);
  CHECK(job.parallel().tensor() == 1);
  CHECK(job.batch().sum_groups() == 1);
  CHECK(job.devices().count() == 4);
  CHECK(NumDevices(job) == 4);
}

TEST_CASE("there are as many sum groups as replicas, and a device for each stage of each replica") {
  struct Case {
    const char* overrides;
    int sum_groups;
    int devices;
  };
  const Case test = GENERATE(Case{"parallel.replicas=2", 2, 8}, Case{"parallel.replicas=8", 8, 32},
                             Case{"batch={sequences: 18 micro_batches: 9};parallel.replicas=3", 3, 12},
                             Case{"parallel.replicas=2;batch.sum_groups=8", 8, 8}, Case{"batch.sum_groups=4", 4, 4},
                             Case{"parallel.replicas=2;devices.count=8;pipeline.chunks_per_device=1", 2, 8},
                             Case{"parallel.tensor=2", 1, 8}, Case{"parallel.tensor=2;devices.backend=CUDA", 1, 8},
                             Case{"parallel={replicas: 2 tensor: 4}", 2, 32});
  CAPTURE(test.overrides);
  const proto::Job job = ResolveJob(Make(kGpt, test.overrides)).value();
  CHECK(job.batch().sum_groups() == test.sum_groups);
  CHECK(job.devices().count() == test.devices);
  CHECK(NumDevices(job) == test.devices);
}

TEST_CASE("wrong replicas, sum groups and devices") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "parallel.replicas=0", "parallel.replicas: 0 must be at least 1"},
      Wrong{kGpt, "parallel.replicas=1025", "parallel.replicas: 1025 must be at most 1024"},
      Wrong{kGpt, "parallel.replicas=3", "parallel.replicas: 3 does not divide batch.micro_batches: 8"},
      Wrong{kGpt, "parallel.replicas=16", "parallel.replicas: 16 does not divide batch.micro_batches: 8"},
      Wrong{kGpt, "batch.sum_groups=0", "batch.sum_groups: 0 must be at least 1"},
      Wrong{kGpt, "batch.sum_groups=-4", "batch.sum_groups: -4 must be at least 1"},
      Wrong{kGpt, "batch.sum_groups=6", "batch.sum_groups: 6 must be a power of two, or parallel.replicas: 1"},
      Wrong{kGpt, "batch.sum_groups=2;parallel.replicas=4",
            "batch.sum_groups: 2 must be a multiple of parallel.replicas: 4"},
      Wrong{kGpt, "batch.sum_groups=16", "batch.sum_groups: 16 does not divide batch.micro_batches: 8"},
      Wrong{kGpt, "batch.ramp={from: 8 by: 6 every_steps: 2};parallel.replicas=2",
            "batch.ramp.by: 6 must be a multiple of 4, the sequences of a micro-batch times batch.sum_groups: 2"},
      Wrong{kGpt, "batch.ramp={from: 4 by: 8 every_steps: 2};batch.sum_groups=4",
            "batch.ramp.from: 4 must be a multiple of 8, the sequences of a micro-batch times batch.sum_groups: 4"},
      Wrong{kGpt, "parallel.zero=1", "parallel.zero: 1 needs parallel.replicas of at least 2, not 1"},
      Wrong{kGpt, "parallel.verify_replicas_every=-1", "parallel.verify_replicas_every: -1 must be at least 0"},
      Wrong{kGpt, "parallel={replicas: 2 zero: 2}", "parallel.zero: 2 must be at most 1"},
      Wrong{kGpt, "batch.sum_groups=2;devices.backend=CUDA;devices.precision=BF16",
            "batch.sum_groups: 2 must be parallel.replicas: 1 for devices.precision: BF16"},
      Wrong{kGpt, "parallel.tensor=0", "parallel.tensor: 0 must be at least 1"},
      Wrong{kGpt, "parallel.tensor=65;devices.backend=CUDA",
            "parallel.tensor: 65 must be at most 64 for devices.backend: CUDA"},
      Wrong{kGpt, "parallel.tensor_sequence=true",
            "parallel.tensor_sequence: true needs parallel.tensor of at least 2, not 1"},
      Wrong{kGpt, "parallel.tensor=1025", "parallel.tensor: 1025 must be at most 1024"},
      Wrong{kGpt, "devices.count=4;parallel={replicas: 2 tensor: 2}",
            "devices.count: 4 must be pipeline.stages: 4 times parallel.replicas: 2 times parallel.tensor: 2, which is "
            "16"},
      Wrong{kGpt, "devices.count=4;parallel.tensor=2",
            "devices.count: 4 must be pipeline.stages: 4 times parallel.tensor: 2, which is 8"},
      Wrong{kGpt, "devices={per_node: 1 intra: {latency: \"1us\"} inter: {latency: \"1us\"}};parallel.tensor=2",
            "devices.per_node: 1 must be a multiple of parallel.tensor: 2, whose devices sum over the links within a "
            "node"},
      Wrong{kGpt, "devices.count=8", "devices.count: 8 must be pipeline.stages: 4, one device a stage"},
      Wrong{kGpt, "devices.count=4;parallel.replicas=2",
            "devices.count: 4 must be pipeline.stages: 4 times parallel.replicas: 2, which is 8"}));
}

}  // namespace
}  // namespace baton
