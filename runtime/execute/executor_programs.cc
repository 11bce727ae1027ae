// Programs of an executor: checking them against the first one, loading them, finding them, and their state.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/execute/check_executable.h"
#include "runtime/execute/check_options.h"
#include "runtime/execute/executor.h"

namespace baton {
namespace {

constexpr int64_t kNanosPerMillisecond = 1'000'000;

}  // namespace

absl::Status Executor::CheckSharing(const Program& program) const {
  if (programs_.empty()) return absl::OkStatus();
  const Program& first = *programs_.front()->program;
  if (program.placement.replicas() != first.placement.replicas()) {
    return absl::InvalidArgumentError("program: places its chunks on other devices than the first program");
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    for (const ChunkMemory& memory : program.devices[device].chunks) {
      if (memory.parameter_bytes == 0 && memory.optimizer_bytes == 0) continue;
      return absl::InvalidArgumentError(absl::StrCat("program: device ", device,
                                                     " asks for memory for parameters of chunk ", memory.chunk,
                                                     ", which are those of the first program"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ProgramHandle> Executor::AddProgram(std::shared_ptr<const Program> program, bool shares_slots) {
  for (Executor* follower : options_.followers) {
    BATON_RETURN_IF_ERROR(follower->AddOwnProgram(program, shares_slots).status());
  }
  return AddOwnProgram(std::move(program), shares_slots);
}

absl::StatusOr<ProgramHandle> Executor::AddOwnProgram(std::shared_ptr<const Program> program, bool shares_slots) {
  if (program == nullptr) return absl::InvalidArgumentError("program: null");
  if (first_error_.is_set()) return first_error_.status();
  BATON_RETURN_IF_ERROR(CheckExecutable(*program));
  BATON_RETURN_IF_ERROR(CheckOptions(*program, options_));
  BATON_RETURN_IF_ERROR(CheckSharing(*program));
  SharedByPrograms shared;
  shared.devices = options_.devices;
  shared.modules = options_.modules;
  shared.lanes = lane_pointers_;
  shared.channels = &channels_;
  shared.transport = options_.transport;
  shared.first_error = &first_error_;
  for (int device = 0; shares_slots && device < program->num_devices(); ++device) {
    const Worker* worker = programs_.front()->workers[device].get();
    shared.arenas.push_back(worker == nullptr ? nullptr : worker->SlotsFor(program->devices[device].arena_bytes));
  }
  shared.watchdog_timeout_ns = options_.watchdog_timeout_ms * kNanosPerMillisecond;
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<LoadedProgram> loaded, LoadedProgram::Create(std::move(program), shared));
  Task task;
  task.program = loaded.get();
  task.work = Work::kSetUp;
  Begin(task);
  AwaitWorkers(/*watchdog=*/nullptr);
  if (absl::Status status = first_error_.status(); !status.ok()) {
    first_error_.Clear();
    return status;
  }
  programs_.push_back(std::move(loaded));
  return ProgramHandle{static_cast<int>(programs_.size()) - 1};
}

absl::StatusOr<LoadedProgram*> Executor::Find(ProgramHandle program) const {
  if (program.index >= 0 && program.index < static_cast<int>(programs_.size())) return programs_[program.index].get();
  return absl::InvalidArgumentError(
      absl::StrCat("program: ", program.index, "; this executor has programs 0 to ", programs_.size() - 1));
}

ChunkState Executor::StateOf(int replica_index) const {
  const LoadedProgram& first = *programs_.front();
  const ChunkReplica& replica = first.program->placement.replicas()[replica_index];
  const Worker* worker = first.workers[replica.device].get();
  return worker == nullptr ? ChunkState() : worker->StateOf(replica.chunk);
}

Bytes Executor::PeakArenaBytes(int device, ProgramHandle program) const {
  const Worker* worker = programs_[program.index]->workers[device].get();
  return worker == nullptr ? 0 : worker->PeakArenaBytes();
}

}  // namespace baton
