// Nodes, links, rates and memory: defaults and limits of a job's devices.
#include "runtime/job/resolve_devices.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/product_type.h"
#include "runtime/job/resolve.h"
#include "schedules/costs/known_devices.h"

namespace baton {
namespace {

absl::Status ResolveLink(const std::string& field, proto::Link& link) {
  if (!link.has_latency()) link.set_latency("0ns");
  if (!link.has_bandwidth_gbps()) link.set_bandwidth_gbps(0);
  if (!ParseDuration(link.latency())) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".latency: \"", link.latency(), "\" is not ", kDurationAllowed));
  }
  if (link.bandwidth_gbps() == 0) return absl::OkStatus();
  return CheckReal(field + ".bandwidth_gbps", link.bandwidth_gbps(), 1e-6, 1e6);
}

// Nodes and the links within and between them. `tensor`: parallel.tensor.
absl::Status ResolveNodes(int tensor, proto::Devices& devices) {
  const int count = devices.count();
  if (devices.has_nodes()) BATON_RETURN_IF_ERROR(CheckRange("devices.nodes", devices.nodes(), 1, count));
  if (devices.has_per_node()) BATON_RETURN_IF_ERROR(CheckRange("devices.per_node", devices.per_node(), 1, 1024));
  if (!devices.has_nodes()) {
    devices.set_nodes(devices.has_per_node() ? (count + devices.per_node() - 1) / devices.per_node() : 1);
  }
  if (!devices.has_per_node()) devices.set_per_node((count + devices.nodes() - 1) / devices.nodes());
  if ((count + devices.per_node() - 1) / devices.per_node() != devices.nodes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices.nodes: ", devices.nodes(), " of devices.per_node: ", devices.per_node(),
                     " do not hold exactly ", count, " devices; leave one of the two unset"));
  }
  if (devices.nodes() > 1 && devices.per_node() % tensor != 0) {
    return absl::InvalidArgumentError(absl::StrCat("devices.per_node: ", devices.per_node(),
                                                   " must be a multiple of parallel.tensor: ", tensor,
                                                   ", whose devices sum over the links within a node"));
  }
  if (devices.has_intra()) BATON_RETURN_IF_ERROR(ResolveLink("devices.intra", *devices.mutable_intra()));
  if (devices.has_inter()) BATON_RETURN_IF_ERROR(ResolveLink("devices.inter", *devices.mutable_inter()));
  if (devices.nodes() > 1 && !devices.has_inter()) {
    return Missing("devices.inter", "the link between nodes, as { latency: \"10us\" bandwidth_gbps: 50 }");
  }
  if (devices.has_inter() && !devices.has_intra()) {
    return Missing("devices.intra", "the link within a node, as { latency: \"3us\" bandwidth_gbps: 450 }");
  }
  return absl::OkStatus();
}

// GPUs compute a CUDA job, and a job that is planned for a known device.
absl::Status CheckGpus(proto::Devices& devices) {
  const bool has_gpus = devices.backend() == proto::Devices::CUDA || devices.has_device();
  if (!has_gpus && (devices.has_gpus() || devices.has_gpu_overlap())) {
    return absl::InvalidArgumentError(
        absl::StrCat(devices.has_gpus() ? absl::StrCat("devices.gpus: ", devices.gpus())
                                        : absl::StrCat("devices.gpu_overlap: ", devices.gpu_overlap()),
                     " needs devices.backend: CUDA or a devices.device; ",
                     proto::Devices::Backend_Name(devices.backend()), " computes on no GPUs"));
  }
  if (devices.has_gpus()) BATON_RETURN_IF_ERROR(CheckRange("devices.gpus", devices.gpus(), 1, 65536));
  if (devices.has_gpus() && devices.has_cores()) {
    return absl::InvalidArgumentError(absl::StrCat("devices.gpus: ", devices.gpus(), " and devices.cores: ",
                                                   devices.cores(), " exclude each other; leave out one"));
  }
  if (!has_gpus) return absl::OkStatus();
  if (!devices.has_gpu_overlap()) devices.set_gpu_overlap(1);
  const double overlap = devices.gpu_overlap();
  if (overlap >= 1 && overlap <= 64) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("devices.gpu_overlap: ", overlap, " must be from 1 to 64"));
}

absl::Status CheckCores(const proto::Devices& devices) {
  if (!devices.has_cores()) return absl::OkStatus();
  if (devices.backend() != proto::Devices::HOST) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices.cores: ", devices.cores(), " needs devices.backend: HOST; devices.backend: ",
                     proto::Devices::Backend_Name(devices.backend()), " computes on no cores"));
  }
  return CheckRange("devices.cores", devices.cores(), 1, 1024);
}

absl::Status CheckProcesses(const proto::Devices& devices) {
  if (devices.per_process().empty()) return absl::OkStatus();
  int64_t sum = 0;
  for (int rank = 0; rank < devices.per_process_size(); ++rank) {
    BATON_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("devices.per_process[", rank, "]"), devices.per_process(rank), 1, devices.count()));
    sum += devices.per_process(rank);
  }
  if (sum == devices.count()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("devices.per_process: [", absl::StrJoin(devices.per_process(), ", "),
                                                 "] is ", sum, " devices; devices.count: ", devices.count()));
}

// Fills in the rates and memory of a known device where the job has none.
absl::Status ResolveRates(proto::Devices& devices) {
  if (devices.has_device()) {
    const KnownDevice* known = FindDevice(devices.device());
    if (known == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("devices.device: \"", devices.device(), "\" is not one of ",
                                                     ListDevices(), "; give devices.rates instead"));
    }
    proto::Rates& rates = *devices.mutable_rates();
    if (!rates.has_matmul_tflops()) {
      rates.set_matmul_tflops(known->matmul_tflops(ProductTypeOf(devices.precision())));
    }
    if (!rates.has_memory_gbps()) rates.set_memory_gbps(known->memory_gbps());
    if (!rates.has_multiprocessors()) rates.set_multiprocessors(known->multiprocessors);
    if (rates.multiprocessors() > 0 && !rates.has_clock_ghz()) rates.set_clock_ghz(known->clock_ghz);
    if (!devices.has_memory_gib()) devices.set_memory_gib(known->memory_gib);
  }
  if (devices.has_memory_gib()) {
    BATON_RETURN_IF_ERROR(CheckPositive("devices.memory_gib", devices.memory_gib(), 1 << 20));
  }
  if (!devices.has_rates()) return absl::OkStatus();
  const proto::Rates& rates = devices.rates();
  if (!rates.has_matmul_tflops()) return Missing("devices.rates.matmul_tflops", "10^12 operations a second");
  if (!rates.has_memory_gbps()) return Missing("devices.rates.memory_gbps", "10^9 bytes a second");
  BATON_RETURN_IF_ERROR(CheckPositive("devices.rates.matmul_tflops", rates.matmul_tflops(), 1e6));
  BATON_RETURN_IF_ERROR(CheckPositive("devices.rates.memory_gbps", rates.memory_gbps(), 1e6));
  BATON_RETURN_IF_ERROR(CheckRange("devices.rates.multiprocessors", rates.multiprocessors(), 0, 4096));
  if (rates.multiprocessors() == 0) return absl::OkStatus();
  if (!rates.has_clock_ghz()) return Missing("devices.rates.clock_ghz", "of the multiprocessors, in GHz");
  return CheckPositive("devices.rates.clock_ghz", rates.clock_ghz(), 10);
}

absl::Status CheckTensor(const proto::Job& job, const proto::Devices& devices) {
  // A kernel's arguments have room for so many members.
  constexpr int kMostOnGpus = 64;
  if (devices.backend() != proto::Devices::CUDA || job.parallel().tensor() <= kMostOnGpus) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("parallel.tensor: ", job.parallel().tensor(), " must be at most ",
                                                 kMostOnGpus, " for devices.backend: CUDA"));
}

absl::Status CheckHead(const proto::Job& job, const proto::Devices& devices) {
  if (!devices.head_in_blocks()) return absl::OkStatus();
  const auto needs = [](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("devices.head_in_blocks: true needs ", what));
  };
  if (devices.backend() != proto::Devices::HOST) {
    return needs(absl::StrCat("devices.backend: HOST, not ", proto::Devices::Backend_Name(devices.backend())));
  }
  if (devices.precision() != proto::Devices::FLOAT32) {
    return needs(absl::StrCat("devices.precision: FLOAT32, not ", proto::Devices::Precision_Name(devices.precision())));
  }
  if (job.parallel().tensor() > 1) {
    return needs(
        absl::StrCat("parallel.tensor: 1, not ", job.parallel().tensor(), ", with which no device has all logits"));
  }
  return absl::OkStatus();
}

absl::Status CheckProductChoices(const proto::Devices& devices) {
  if (devices.product_choices().empty() || devices.backend() == proto::Devices::CUDA) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("devices.product_choices: ", devices.product_choices(), " needs devices.backend: CUDA, not HOST"));
}

absl::Status CheckPrecision(const proto::Job& job, const proto::Devices& devices) {
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Devices::Precision>("devices.precision", devices.precision()));
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Devices::Precision>("devices.parameters", devices.parameters()));
  const std::string name = proto::Devices::Precision_Name(devices.precision());
  if (devices.backend() == proto::Devices::HOST) {
    if (devices.precision() == proto::Devices::TF32) {
      return absl::InvalidArgumentError(
          absl::StrCat("devices.precision: ", name, " needs devices.backend: CUDA; HOST computes in FLOAT32 or BF16"));
    }
    if (!devices.deterministic()) {
      return absl::InvalidArgumentError(
          "devices.deterministic: false needs devices.backend: CUDA; HOST is always deterministic");
    }
  }
  if (devices.parameters() == proto::Devices::TF32) {
    return absl::InvalidArgumentError("devices.parameters: TF32 must be FLOAT32 or BF16");
  }
  if (devices.parameters() == proto::Devices::BF16 && devices.backend() == proto::Devices::CUDA &&
      devices.precision() != proto::Devices::BF16) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices.parameters: BF16 needs devices.precision: BF16 on CUDA, not ", name));
  }
  // On HOST only products are in bf16, which limits no model.
  if (devices.precision() != proto::Devices::BF16 || devices.backend() == proto::Devices::HOST) {
    return absl::OkStatus();
  }
  if (job.batch().sum_groups() > job.parallel().replicas()) {
    return absl::InvalidArgumentError(absl::StrCat("batch.sum_groups: ", job.batch().sum_groups(),
                                                   " must be parallel.replicas: ", job.parallel().replicas(),
                                                   " for devices.precision: BF16"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolveDevices(const proto::Job& job, proto::Devices& devices) {
  if (!devices.has_backend()) devices.set_backend(proto::Devices::HOST);
  const int count = NumDevices(job);
  if (!devices.has_count()) devices.set_count(count);
  if (!devices.has_threads_each()) devices.set_threads_each(1);
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Devices::Backend>("devices.backend", devices.backend()));
  BATON_RETURN_IF_ERROR(CheckRange("devices.threads_each", devices.threads_each(), 1, 1024));
  if (!devices.has_precision()) devices.set_precision(proto::Devices::FLOAT32);
  if (!devices.has_parameters()) devices.set_parameters(proto::Devices::FLOAT32);
  if (!devices.has_deterministic()) devices.set_deterministic(true);
  BATON_RETURN_IF_ERROR(CheckTensor(job, devices));
  BATON_RETURN_IF_ERROR(CheckPrecision(job, devices));
  BATON_RETURN_IF_ERROR(CheckHead(job, devices));
  BATON_RETURN_IF_ERROR(CheckProductChoices(devices));
  if (devices.count() == count) {
    BATON_RETURN_IF_ERROR(ResolveNodes(job.parallel().tensor(), devices));
    BATON_RETURN_IF_ERROR(CheckProcesses(devices));
    BATON_RETURN_IF_ERROR(CheckCores(devices));
    BATON_RETURN_IF_ERROR(CheckGpus(devices));
    return ResolveRates(devices);
  }
  std::string product = absl::StrCat("pipeline.stages: ", job.pipeline().stages());
  const int replicas = job.parallel().replicas();
  const int tensor = job.parallel().tensor();
  if (replicas > 1) absl::StrAppend(&product, " times parallel.replicas: ", replicas);
  if (tensor > 1) absl::StrAppend(&product, " times parallel.tensor: ", tensor);
  return absl::InvalidArgumentError(
      absl::StrCat("devices.count: ", devices.count(), " must be ", product,
                   replicas * tensor > 1 ? absl::StrCat(", which is ", count) : ", one device a stage"));
}

}  // namespace baton
