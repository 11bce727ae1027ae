// `baton launch`: runs a command as several processes, on this host or on this and other ones.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/duration.h"
#include "base/status.h"
#include "base/suggest.h"
#include "runtime/process/environment.h"
#include "runtime/process/host_port.h"
#include "runtime/process/launcher.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

constexpr int kMostNodes = 65'536;
constexpr int kMostRestarts = 1'000'000;

struct LaunchFlags {
  int processes = 1;
  int nodes = 1;
  int node_rank = 0;
  int max_restarts = 0;
  std::string rendezvous;
  std::string timeout;
  std::vector<std::string> command;
};

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  return name;
}

absl::Status RunLaunch(const LaunchFlags& flags, std::vector<std::string> known) {
  known.erase(std::remove(known.begin(), known.end(), "launch"), known.end());
  if (std::find(known.begin(), known.end(), flags.command[0]) == known.end()) {
    const std::string suggestion = DidYouMean(flags.command[0], known);
    return absl::InvalidArgumentError(absl::StrCat("\"", flags.command[0], "\" is not a command that can be launched",
                                                   suggestion, suggestion.empty() ? "; these are " : " These are ",
                                                   absl::StrJoin(known, ", ")));
  }
  LaunchOptions options;
  options.processes = flags.processes;
  options.nodes = flags.nodes;
  options.node_rank = flags.node_rank;
  options.max_restarts = flags.max_restarts;
  if (!flags.rendezvous.empty()) {
    BATON_ASSIGN_OR_RETURN(options.rendezvous, ParseHostPort("--rendezvous", flags.rendezvous));
  }
  if (!flags.timeout.empty()) {
    if (ParseDuration(flags.timeout).value_or(0) <= 0) {
      return absl::InvalidArgumentError(absl::StrCat("--timeout=", flags.timeout, " is not ", kDurationAllowed));
    }
    options.timeout = flags.timeout;
  }
  options.host = HostName();
  options.command = {"baton"};
  options.command.insert(options.command.end(), flags.command.begin(), flags.command.end());
  BATON_ASSIGN_OR_RETURN(const int exit_status, Launch(options, Environment::OfProcess()));
  return exit_status == 0 ? absl::OkStatus() : ExitWith(exit_status);
}

}  // namespace

void AddLaunchCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command =
      app.add_subcommand("launch", "Run a command as several processes; restart or end all of them when one fails");
  auto flags = std::make_shared<LaunchFlags>();
  command->add_option("-n", flags->processes, "Processes on this host (1)")->check(Between(1, kMostNodes));
  command->add_option("--nodes", flags->nodes, "Hosts, each with a baton launch of the same -n (1)")
      ->check(Between(1, kMostNodes));
  command->add_option("--node-rank", flags->node_rank, "Which of the hosts this one is, from 0 (0)")
      ->check(Between(0, kMostNodes));
  command
      ->add_option("--rendezvous", flags->rendezvous,
                   "Where rank 0 listens: an address of node 0 that all nodes reach (a free port of 127.0.0.1)")
      ->type_name("HOST:PORT");
  command
      ->add_option("--max-restarts", flags->max_restarts,
                   "Start all processes again up to so often when one has failed (0)")
      ->check(Between(0, kMostRestarts));
  command->add_option("--timeout", flags->timeout, "How long a process waits at the start for all others (60s)")
      ->type_name("TIME");
  command->add_option("COMMAND", flags->command, "A command of baton and its arguments, behind --")
      ->required()
      ->type_name("...");
  command->footer(
      R"(Lines of output begin with [rank R], or [rank R HOST] if there are several nodes. The exit status is that of the
first process that failed, or 128 + its signal. SIGTERM, SIGINT and SIGHUP are passed on. If this process dies, so do
the others. With several nodes BATON_TOKEN must hold the same secret on all of them. See docs/distributed.md.

Examples:
  baton launch -n 4 -- train examples/gpt_host.textproto --output runs/gpt
  baton launch -n 2 --nodes=2 --node-rank=1 --rendezvous=node-0:29400 -- train job.textproto)");
  command->callback([flags, &app, &action] {
    std::vector<std::string> known;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(each->get_name());
    }
    action = [flags, known] { return RunLaunch(*flags, known); };
  });
}

}  // namespace baton
