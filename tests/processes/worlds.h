// Several processes of a run in one: each on a thread of its own, with a real control plane on loopback.
#ifndef BATON_TESTS_PROCESSES_WORLDS_H_
#define BATON_TESTS_PROCESSES_WORLDS_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/process/control.h"
#include "runtime/process/launch_options.h"

namespace baton {

// Runs `body` as each rank of a run of `size` processes, all at once; then they leave. Returns for each rank whether it
// joined; if not, `body` did not run as it: rank 0 may have failed before.
inline std::vector<absl::Status> AsProcesses(int size, const std::function<void(Control&)>& body) {
  std::vector<absl::Status> joined(size);
  const int port = FreeLoopbackPort().value();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      World world;
      world.rank = world.local_rank = rank;
      world.size = world.local_size = size;
      world.leader = {"127.0.0.1", port};
      ControlOptions options;
      options.token = "secret";
      // Sanitized builds on busy machines are slow.
      options.silence = absl::Seconds(60);
      const auto control = Control::Create(world, HelloOf(world, "test"), options);
      joined[rank] = control.status();
      if (!control.ok()) return;
      body(**control);
      (void)(*control)->Leave();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return joined;
}

}  // namespace baton

#endif  // BATON_TESTS_PROCESSES_WORLDS_H_
