// Connecting a program's workers.
#include "runtime/execute/loaded_program.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "schedules/program/walk/participants.h"

namespace baton {
namespace {

// How many transfers one side of a channel posts in a step at most.
struct Capacities {
  explicit Capacities(const Program& program) : num_devices(static_cast<size_t>(program.num_devices())) {
    std::vector<int> sends(num_devices * num_devices), receives(num_devices * num_devices);
    for (size_t device = 0; device < num_devices; ++device) {
      for (const Instruction& instruction : program.devices[device].instructions) {
        if (const auto* send = std::get_if<Send>(&instruction.operation)) ++sends[device * num_devices + send->peer];
        if (const auto* recv = std::get_if<Recv>(&instruction.operation)) ++receives[recv->peer * num_devices + device];
      }
    }
    of_pair.resize(sends.size());
    for (size_t pair = 0; pair < sends.size(); ++pair) of_pair[pair] = std::max(sends[pair], receives[pair]);
  }
  int Of(int from, int to) const { return of_pair[static_cast<size_t>(from) * num_devices + to]; }

  size_t num_devices;
  std::vector<int> of_pair;  // [from · num_devices + to]
};

}  // namespace

absl::StatusOr<std::unique_ptr<LoadedProgram>> LoadedProgram::Create(std::shared_ptr<const Program> program,
                                                                     const SharedByPrograms& shared) {
  auto loaded = std::make_unique<LoadedProgram>();
  loaded->program = std::move(program);
  const Program& all = *loaded->program;
  for (int group = 0; group < static_cast<int>(all.reduce_groups.size()); ++group) {
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Collective> collective,
                           shared.transport->CreateCollective(DevicesOfMembers(all, group)));
    loaded->collectives.push_back(std::move(collective));
  }
  const Capacities capacities(all);
  const auto channel = [&](int from, int to) -> absl::StatusOr<Channel*> {
    const int capacity = capacities.Of(from, to);
    if (capacity == 0) return nullptr;
    return shared.channels->Get(from, to, capacity);
  };
  std::vector<const Worker*> watched;
  for (int device = 0; device < all.num_devices(); ++device) {
    if (shared.devices[device] == nullptr) {
      loaded->workers.push_back(nullptr);
      continue;
    }
    WorkerEnvironment environment;
    environment.program = &all;
    environment.device = shared.devices[device];
    environment.lanes = shared.lanes[device];
    environment.modules.resize(static_cast<size_t>(all.num_chunks));
    for (size_t i = 0; i < shared.modules.size(); ++i) {
      const ChunkReplica& replica = all.placement.replicas()[i];
      if (replica.device == device) environment.modules[replica.chunk] = shared.modules[i];
    }
    for (int peer = 0; peer < all.num_devices(); ++peer) {
      BATON_ASSIGN_OR_RETURN(Channel * sends, channel(device, peer));
      BATON_ASSIGN_OR_RETURN(Channel * receives, channel(peer, device));
      environment.send_channels.push_back(sends);
      environment.receive_channels.push_back(receives);
    }
    for (const auto& collective : loaded->collectives) environment.collectives.push_back(collective.get());
    if (!shared.arenas.empty()) environment.arena = shared.arenas[device];
    environment.first_error = shared.first_error;
    loaded->workers.push_back(std::make_unique<Worker>(std::move(environment)));
    watched.push_back(loaded->workers.back().get());
  }
  loaded->watchdog = std::make_unique<Watchdog>(std::move(watched), shared.watchdog_timeout_ns);
  return loaded;
}

}  // namespace baton
