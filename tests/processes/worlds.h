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

// Runs `body` as each rank of a run of `size` processes, all at once; then they leave. An error of the start throws,
// which fails the test.
inline void AsProcesses(int size, const std::function<void(Control&)>& body) {
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
      const auto control = Control::Create(world, HelloOf(world, "test"), options).value();
      body(*control);
      (void)control->Leave();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace baton

#endif  // BATON_TESTS_PROCESSES_WORLDS_H_
