// Devices that sleep, and what connects them.
#include "tools/baton/rehearsal.h"

#include <map>
#include <string>
#include <utility>

#include "base/raw_bytes.h"
#include "base/status.h"
#include "proto/prepared_job.pb.h"
#include "runtime/device/host/host_device.h"
#include "runtime/planning/deal_devices.h"
#include "runtime/train/gather_trace.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/program/walk/gradient_folds.h"
#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

constexpr int64_t kNanosPerMillisecond = 1'000'000;
// With measured transfers: the latency of each transfer of a step, by (from, to), in the order of the sends. Else
// empty.
std::map<std::pair<int, int>, std::vector<Nanos>> LatenciesOf(const Program& program, const CostModel& costs) {
  std::map<std::pair<int, int>, std::vector<Nanos>> latencies;
  if (costs.link_ns.empty()) return latencies;
  for (int device = 0; device < program.num_devices(); ++device) {
    for (const Instruction& instruction : program.devices[device].instructions) {
      const Send* send = std::get_if<Send>(&instruction.operation);
      if (send == nullptr) continue;
      const int chunk = send->payload == Payload::kActivation ? send->chunk : send->chunk - 1;
      latencies[{device, send->peer}].push_back(costs.LinkNs(chunk));
    }
  }
  return latencies;
}

}  // namespace

absl::StatusOr<RehearsalPlan> ShareRehearsal(Control& control, RehearsalPlan plan) {
  if (control.size() == 1) return plan;
  proto::RehearsalPlan message;
  if (control.rank() == 0) {
    *message.mutable_program() = ProgramToProto(*plan.program);
    const CostModel& costs = plan.costs;
    message.set_chunks(ToRawBytes(costs.chunks));
    message.set_link_ns(ToRawBytes(costs.link_ns));
    message.set_transfer_ns(costs.transfer_ns);
    message.set_load_ns(costs.load_ns);
    message.set_reduce_ns(costs.reduce_ns);
    message.set_bytes_per_ns(costs.bytes_per_ns);
    message.set_devices_per_node(costs.devices_per_node);
    message.set_inter_latency_ns(costs.inter.latency_ns);
    message.set_inter_bytes_per_ns(costs.inter.bytes_per_ns);
    message.set_cores(ToRawBytes(std::vector<SharedCores>{costs.cores}));
    message.set_steps(plan.steps);
    message.set_longest_ns(plan.longest);
  }
  BATON_ASSIGN_OR_RETURN(const std::string bytes, control.Broadcast(message.SerializeAsString()));
  if (control.rank() == 0) return plan;
  if (!message.ParseFromString(bytes)) return absl::InternalError("rank 0 sent a rehearsal that cannot be read");
  BATON_ASSIGN_OR_RETURN(Program program, ProgramFromProto(message.program()));
  plan.program = std::make_shared<const Program>(std::move(program));
  plan.costs.chunks = FromRawBytes<ChunkCosts>(message.chunks());
  plan.costs.link_ns = FromRawBytes<Nanos>(message.link_ns());
  plan.costs.transfer_ns = message.transfer_ns();
  plan.costs.load_ns = message.load_ns();
  plan.costs.reduce_ns = message.reduce_ns();
  plan.costs.bytes_per_ns = message.bytes_per_ns();
  plan.costs.devices_per_node = message.devices_per_node();
  plan.costs.inter = {message.inter_latency_ns(), message.inter_bytes_per_ns()};
  const std::vector<SharedCores> cores = FromRawBytes<SharedCores>(message.cores());
  if (cores.size() != 1) return absl::InternalError("rank 0 sent a rehearsal that cannot be read");
  plan.costs.cores = cores.front();
  plan.steps = message.steps();
  plan.longest = message.longest_ns();
  return plan;
}

absl::StatusOr<bool> AreCoresWithinProcesses(const SharedCores& cores, int num_devices, int num_processes) {
  BATON_ASSIGN_OR_RETURN(const std::vector<int> rank_of_device,
                         DealDevices({}, /*num_members=*/1, num_devices, num_processes));
  std::vector<int> rank_of_processor(cores.NumProcessors(num_devices), -1);
  for (int device = 0; device < num_devices; ++device) {
    int& rank = rank_of_processor[cores.ProcessorOf(device)];
    if (rank >= 0 && rank != rank_of_device[device]) return false;
    rank = rank_of_device[device];
  }
  return true;
}

absl::StatusOr<std::unique_ptr<Rehearsal>> Rehearsal::Create(const RehearsalPlan& plan, Control& control) {
  std::unique_ptr<Rehearsal> rehearsal(new Rehearsal(plan, control));
  BATON_RETURN_IF_ERROR(rehearsal->CreateDevices(plan.costs));
  BATON_RETURN_IF_ERROR(rehearsal->CreateTransport(plan.costs));
  BATON_RETURN_IF_ERROR(rehearsal->CreateExecutor(plan.longest));
  return rehearsal;
}

absl::Status Rehearsal::CreateDevices(const CostModel& costs) {
  BATON_ASSIGN_OR_RETURN(rank_of_device_, DealDevices({}, /*num_members=*/1, program_->num_devices(), control_.size()));
  devices_.resize(program_->num_devices());
  if (costs.cores.AreShared(program_->num_devices())) {
    cores_ = std::make_unique<RehearsedCores>(costs.cores, program_->num_devices());
  }
  for (int index = 0; index < program_->num_devices(); ++index) {
    if (rank_of_device_[index] != control_.rank()) continue;
    BATON_ASSIGN_OR_RETURN(devices_[index], HostDevice::Create(index, RehearsalDeviceOptions()));
  }
  for (const ChunkReplica& replica : program_->placement.replicas()) {
    modules_.push_back(nullptr);
    if (devices_[replica.device] == nullptr) continue;
    const ChunkCosts& chunk = costs.chunks[replica.chunk];
    TimedCosts timed;
    timed.forward_ns = chunk.forward_ns;
    timed.backward_input_ns = chunk.backward_input_ns;
    timed.backward_weight_ns = chunk.backward_weight_ns;
    timed.repeated_ns = chunk.repeated_ns;
    timed.recompute_ns = chunk.recompute_ns;
    timed.update_ns = chunk.update_ns;
    timed.load_ns = costs.load_ns;
    for (const GradientFold& fold : FoldsOf(*program_, static_cast<int>(modules_.size()) - 1)) {
      timed.folds_ns.push_back(chunk.fold_ns * fold.NumSums());
    }
    BATON_ASSIGN_OR_RETURN(modules_.back(), TimedModule::Create(timed, cores_.get(), replica.device));
  }
  return absl::OkStatus();
}

absl::Status Rehearsal::CreateTransport(const CostModel& costs) {
  LocalTransportOptions options;
  const auto latencies = LatenciesOf(*program_, costs);
  options.link = [costs, latencies](int from, int to) {
    if (const auto found = latencies.find({from, to}); found != latencies.end()) {
      return LocalLinkOptions{0, 0, -1, found->second};
    }
    const LinkCosts link = costs.LinkBetween(from, to);
    const int from_node = costs.NodeOf(from), to_node = costs.NodeOf(to);
    // All transfers from one node to another share one link.
    const int shared = from_node == to_node ? -1 : from_node * kMostRehearsedDevices + to_node;
    return LocalLinkOptions{link.latency_ns, link.bytes_per_ns, shared};
  };
  options.reduce_ns = [costs, program = program_](int group) {
    return costs.ReduceNanos(DevicesOfMembers(*program, group), program->reduce_groups[group].bytes,
                             IsWholeSum(program->reduce_groups[group].kind));
  };
  options.moves_data = false;
  local_ = std::make_unique<LocalTransport>(options);
  if (control_.size() == 1) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(processes_,
                         ProcessTransport::Create(control_, rank_of_device_, local_.get(), /*moves_data=*/false));
  return absl::OkStatus();
}

absl::Status Rehearsal::CreateExecutor(Nanos longest) {
  ExecutorOptions options;
  for (const auto& device : devices_) options.devices.push_back(device.get());
  for (const auto& module : modules_) options.modules.push_back(module.get());
  options.transport = processes_ == nullptr ? local_.get() : &processes_->transport();
  // Instructions may sleep for longer than the watchdog's usual timeout.
  options.watchdog_timeout_ms += 2 * longest / kNanosPerMillisecond;
  BATON_ASSIGN_OR_RETURN(run_, RunExecutor::Create(program_, std::move(options), control_, processes_.get()));
  return run_->AwaitConnected();
}

absl::Status Rehearsal::RunStep(Trace& trace) {
  BATON_RETURN_IF_ERROR(run_->executor().RunStep(&trace));
  if (processes_ == nullptr) return absl::OkStatus();
  return GatherTrace(control_, *program_, rank_of_device_, run_->executor().step_start(), trace);
}

}  // namespace baton
