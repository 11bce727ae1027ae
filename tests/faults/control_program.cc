// The program of control_faults_test.cc: launches itself; each child joins control and goes from barrier to barrier.
//
//     control_program launch PROCESSES RESTARTS loop BARRIERS MODE
//
// BARRIERS 0: without end. MODE: `live`, or what rank 1 does in generation 0 behind its tenth barrier: `exit`, `die`,
// `abort`.
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/status.h"
#include "runtime/process/child_end.h"
#include "runtime/process/control.h"
#include "runtime/process/launcher.h"

namespace baton {
namespace {

absl::Status Loop(Control& control, const World& world, int64_t barriers, const std::string& mode) {
  for (int64_t done = 0; barriers == 0 || done < barriers; ++done) {
    BATON_RETURN_IF_ERROR(control.Barrier());
    if (world.rank == 1 && world.generation == 0 && done == 10) {
      if (mode == "exit") _exit(3);
      if (mode == "die") raise(SIGKILL);
      if (mode == "abort") control.Abort(absl::DataLossError("no disk"));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  return control.Leave();
}

int Child(int64_t barriers, const std::string& mode) {
  const Environment environment = Environment::OfProcess();
  const World world = FindWorld(environment).value();
  const ControlOptions options = ControlOptionsOf(environment).value();
  std::cout << "pid " << getpid() << " generation " << world.generation << std::endl;
  auto control = Control::Create(world, HelloOf(world, "1"), options);
  if (!control.ok()) {
    std::cerr << "baton: " << control.status().message() << std::endl;
    return absl::IsCancelled(control.status()) ? kExitPeerFailed : 1;
  }
  std::cout << "joined" << std::endl;
  const absl::Status status = Loop(**control, world, barriers, mode);
  if (status.ok()) return 0;
  if (world.rank == 0 || !(*control)->LeaderReports()) std::cerr << "baton: " << status.message() << std::endl;
  return absl::IsCancelled(status) ? kExitPeerFailed : 1;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.at(1) != "launch") return Child(std::stoi(arguments.at(2)), arguments.at(3));
  LaunchOptions options;
  options.processes = std::stoi(arguments.at(2));
  options.max_restarts = std::stoi(arguments.at(3));
  options.patience_when_told = absl::Milliseconds(1500);
  options.command = {arguments[0]};
  options.command.insert(options.command.end(), arguments.begin() + 4, arguments.end());
  const absl::StatusOr<int> status = Launch(options, Environment::OfProcess());
  if (status.ok()) return *status;
  std::cerr << status.status() << "\n";
  return 1;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::Main({argv, argv + argc}); }
