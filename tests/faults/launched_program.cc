// The program of launch_test.cc: launches itself, so that children which misbehave can be tested without training.
//
//     launched_program launch PROCESSES RESTARTS MODE RANK [ARGUMENT]
//
// Each child prints its pid and generation; the child with RANK then does what MODE says, the others sleep for ever.
//
//   exit STATUS   exits
//   once STATUS   exits in generation 0; later generations end with 0, all ranks
//   all STATUS    every rank exits
//   ignore        ignores SIGTERM
//   sleep         sleeps too
//   told          exits as one that was told of a failure; the others then say why they fail, and exit with 4
//   lines         prints many lines in pieces, and ends with 0, as all do
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "runtime/process/child_end.h"
#include "runtime/process/launcher.h"
#include "runtime/process/world.h"

namespace baton {
namespace {

[[noreturn]] void SleepForEver() {
  while (true) pause();
}

void PrintPieces() {
  for (int line = 0; line < 200; ++line) {
    const std::string text = "line " + std::to_string(line) + std::string(line, '.') + "\n";
    for (size_t i = 0; i < text.size(); i += 7) (void)!write(STDOUT_FILENO, text.data() + i, text.substr(i, 7).size());
  }
  (void)!write(STDOUT_FILENO, "the end", 7);
}

int Child(const std::string& mode, int rank, int argument) {
  const World world = FindWorld(Environment::OfProcess()).value();
  const bool chosen = world.rank == rank;
  if (mode == "ignore" && chosen) signal(SIGTERM, SIG_IGN);
  std::cout << "pid " << getpid() << " generation " << world.generation << std::endl;
  if (mode == "once" && world.generation > 0) return 0;
  if (mode == "all") return argument;
  if (mode == "lines") {
    PrintPieces();
    return 0;
  }
  if (chosen && (mode == "exit" || mode == "once")) return argument;
  if (mode == "told") {
    if (chosen) return kExitPeerFailed;
    usleep(300'000);
    std::cerr << "the reason" << std::endl;
    return 4;
  }
  SleepForEver();
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.at(1) == "launch") {
    LaunchOptions options;
    options.processes = std::stoi(arguments.at(2));
    options.max_restarts = std::stoi(arguments.at(3));
    options.patience = absl::Seconds(1);
    options.command = {arguments[0]};
    options.command.insert(options.command.end(), arguments.begin() + 4, arguments.end());
    const absl::StatusOr<int> status = Launch(options, Environment::OfProcess());
    if (status.ok()) return *status;
    std::cerr << status.status() << "\n";
    return 1;
  }
  return Child(arguments[1], std::stoi(arguments.at(2)), arguments.size() > 3 ? std::stoi(arguments[3]) : 0);
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::Main({argv, argv + argc}); }
