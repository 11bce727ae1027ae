// Nodes, links and rates of devices, and wrong ones.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("nodes follow from devices in a node and the other way round; a known device has rates and memory") {
  const std::string links = ";devices.intra={};devices.inter={latency: \"9us\"}";
  CHECK(ResolveJob(Make(kGpt, "devices.per_node=3" + links)).value().devices().nodes() == 2);
  CHECK(ResolveJob(Make(kGpt, "devices.nodes=2" + links)).value().devices().per_node() == 2);
  const proto::Devices plain = ResolveJob(Make(kGpt, "run.steps=1")).value().devices();
  CHECK(plain.nodes() == 1);
  CHECK(plain.per_node() == 4);
  CHECK_FALSE(plain.has_intra());
  CHECK_FALSE(plain.has_memory_gib());
  const proto::Devices known =
      ResolveJob(Make(kGpt, "devices.device=H200;devices.rates={matmul_tflops: 500}")).value().devices();
  CHECK(known.rates().matmul_tflops() == 500);
  CHECK(known.rates().memory_gbps() == Approx(4320));
  CHECK(known.rates().multiprocessors() == 132);
  CHECK(known.rates().clock_ghz() == 1.83);
  CHECK(known.memory_gib() == Approx(139.8));
}

TEST_CASE("a known device multiplies at the rate of the job's precision") {
  const auto rate = [](const std::string& devices) {
    return ResolveJob(Make(kGpt, "devices.device=A100" + devices)).value().devices().rates().matmul_tflops();
  };
  CHECK(rate(";devices.precision=BF16") == Approx(271.2));
  CHECK(rate(";devices.precision=TF32;devices.backend=CUDA") == Approx(0.8 * 156));
  CHECK(rate(";devices.precision=FLOAT32;devices.backend=CUDA") == Approx(0.8 * 19.5));
  // HOST stands in for the GPU.
  CHECK(rate("") == Approx(0.8 * 19.5));
}

TEST_CASE("wrong nodes, links, rates and memory") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "devices.nodes=5", "devices.nodes: 5 must be at most 4"},
      Wrong{kGpt, "devices.nodes=2;devices.per_node=4",
            "devices.nodes: 2 of devices.per_node: 4 do not hold exactly 4 devices; leave one of the two unset"},
      Wrong{kGpt, "devices.nodes=2",
            "devices.inter is missing: the link between nodes, as { latency: \"10us\" bandwidth_gbps: 50 }"},
      Wrong{kGpt, "devices.per_node=2;devices.inter={}",
            "devices.intra is missing: the link within a node, as { latency: \"3us\" bandwidth_gbps: 450 }"},
      Wrong{kGpt, "devices.intra={latency: \"3\"}",
            "devices.intra.latency: \"3\" is not a time from 0 to 3600 s with its unit, like 18.5ms; units are ns, us, "
            "ms "
            "and s"},
      Wrong{kGpt, "devices.intra={bandwidth_gbps: -1}", "devices.intra.bandwidth_gbps: -1 must be from 1e-06 to 1e+06"},
      Wrong{kGpt, "devices.intra={bandwidth_gbps: nan}",
            "devices.intra.bandwidth_gbps: nan must be from 1e-06 to 1e+06"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 1}", "devices.rates.memory_gbps is missing: 10^9 bytes a second"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 1 memory_gbps: 1 multiprocessors: 8}",
            "devices.rates.clock_ghz is missing: of the multiprocessors, in GHz"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 1 memory_gbps: 1 multiprocessors: -1}",
            "devices.rates.multiprocessors: -1 must be at least 0"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 1 memory_gbps: 1 multiprocessors: 8 clock_ghz: 11}",
            "devices.rates.clock_ghz: 11 must be above 0 and at most 10"},
      Wrong{kGpt, "devices.rates={matmul_tflops: 0 memory_gbps: 1}",
            "devices.rates.matmul_tflops: 0 must be above 0 and at most 1e+06"},
      Wrong{kGpt, "devices.per_process=[0]", "devices.per_process[0]: 0 must be at least 1"},
      Wrong{kGpt, "devices.per_process=[1, 1]", "devices.per_process: [1, 1] is 2 devices; devices.count: 4"},
      Wrong{kGpt, "devices.memory_gib=0", "devices.memory_gib: 0 must be above 0 and at most 1.04858e+06"},
      Wrong{
          kGpt, "devices.device=H9000",
          "devices.device: \"H9000\" is not one of V100, A100, L40S, H100, H200, MI300X; give devices.rates instead"}));
}

TEST_CASE("wrong devices") {
  CheckWrong(GENERATE(
      Wrong{kGpt, "devices.count=2", "devices.count: 2 must be pipeline.stages: 4, one device a stage"},
      Wrong{kGpt, "devices.threads_each=0", "devices.threads_each: 0 must be at least 1"},
      Wrong{kGpt, "devices.cores=0", "devices.cores: 0 must be at least 1"},
      Wrong{kGpt, "devices.cores=1025", "devices.cores: 1025 must be at most 1024"},
      Wrong{kGpt, "devices.cores=4;devices.backend=CUDA",
            "devices.cores: 4 needs devices.backend: HOST; devices.backend: CUDA computes on no cores"},
      Wrong{kGpt, "devices.gpus=2",
            "devices.gpus: 2 needs devices.backend: CUDA or a devices.device; HOST computes on no GPUs"},
      Wrong{kGpt, "devices.gpu_overlap=1.5",
            "devices.gpu_overlap: 1.5 needs devices.backend: CUDA or a devices.device; HOST computes on no GPUs"},
      Wrong{kGpt, "devices={device: \"H100\" gpus: 2 cores: 3}",
            "devices.gpus: 2 and devices.cores: 3 exclude each other; leave out one"},
      Wrong{kGpt, "devices.gpus=0;devices.backend=CUDA", "devices.gpus: 0 must be at least 1"},
      Wrong{kGpt, "devices.gpus=65537;devices.backend=CUDA", "devices.gpus: 65537 must be at most 65536"},
      Wrong{kGpt, "devices.gpu_overlap=0.5;devices.backend=CUDA", "devices.gpu_overlap: 0.5 must be from 1 to 64"},
      Wrong{kGpt, "devices.gpu_overlap=nan;devices.backend=CUDA", "devices.gpu_overlap: nan must be from 1 to 64"},
      Wrong{kGpt, "devices.precision=TF32",
            "devices.precision: TF32 needs devices.backend: CUDA; HOST computes in FLOAT32 or BF16"},
      Wrong{kGpt, "devices.parameters=TF32", "devices.parameters: TF32 must be FLOAT32 or BF16"},
      Wrong{kGpt, "devices.parameters=BF16;devices.backend=CUDA",
            "devices.parameters: BF16 needs devices.precision: BF16 on CUDA, not FLOAT32"},
      Wrong{kGpt, "devices.head_in_blocks=true;devices.backend=CUDA",
            "devices.head_in_blocks: true needs devices.backend: HOST, not CUDA"},
      Wrong{kGpt, "devices.head_in_blocks=true;devices.precision=BF16",
            "devices.head_in_blocks: true needs devices.precision: FLOAT32, not BF16"},
      Wrong{kGpt, "devices.product_choices='choices'",
            "devices.product_choices: choices needs devices.backend: CUDA, not HOST"},
      Wrong{kGpt, "devices.head_in_blocks=true;parallel.tensor=2",
            "devices.head_in_blocks: true needs parallel.tensor: 1, not 2, with which no device has all logits"},
      Wrong{kGpt, "devices.deterministic=false",
            "devices.deterministic: false needs devices.backend: CUDA; HOST is always deterministic"}));
}

}  // namespace
}  // namespace baton
