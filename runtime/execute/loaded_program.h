// A program that an executor can run, with all that belongs to it alone. Used by Executor.
#ifndef BATON_RUNTIME_EXECUTE_LOADED_PROGRAM_H_
#define BATON_RUNTIME_EXECUTE_LOADED_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "runtime/execute/first_error.h"
#include "runtime/execute/lanes.h"
#include "runtime/execute/stage_module.h"
#include "runtime/execute/watchdog.h"
#include "runtime/execute/worker.h"
#include "runtime/transport/collective.h"
#include "runtime/transport/transport.h"
#include "schedules/program/program.h"

namespace baton {

// The state that all programs of an executor share. Everything is borrowed.
struct SharedByPrograms {
  absl::Span<Device* const> devices;       // [device]
  absl::Span<StageModule* const> modules;  // as ExecutorOptions::modules
  absl::Span<DeviceLanes* const> lanes;    // [device]
  ChannelTable* channels = nullptr;
  Transport* transport = nullptr;
  FirstError* first_error = nullptr;
  std::vector<std::byte*> arenas;  // [device] to use; null, or empty: make one
  Nanos watchdog_timeout_ns = 0;
};

// Thread contract: made and destroyed on the launching thread; see Worker and Watchdog for the rest.
struct LoadedProgram {
  // Makes channels, sums and workers; the workers still have to be set up on their threads.
  // Errors: those of the transport.
  static absl::StatusOr<std::unique_ptr<LoadedProgram>> Create(std::shared_ptr<const Program> program,
                                                               const SharedByPrograms& shared);

  std::shared_ptr<const Program> program;
  std::vector<std::unique_ptr<Collective>> collectives;  // [group]
  std::vector<std::unique_ptr<Worker>> workers;          // [device]
  std::unique_ptr<Watchdog> watchdog;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_LOADED_PROGRAM_H_
