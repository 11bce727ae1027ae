// The command line: baton COMMAND …. Exit status 0: done; 1: something failed while running; 2: the user's input was
// refused and nothing was started.
#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/baton/commands.h"

namespace baton {
namespace {

constexpr char kExamples[] = R"(Examples:
  baton train examples/gpt_host.textproto --output runs/gpt
  baton compare examples/gpt_host.textproto
  baton compare --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms
  baton simulate examples/four_devices.textproto --set pipeline.schedule=gpipe
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv
  baton rehearse --stages=64 --micro-batches=128 --forward=5ms --backward-input=5ms --backward-weight=5ms

`baton COMMAND --help` says more. Exit status: 0 done, 1 failed while running, 2 input refused.)";

int ExitStatus(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "baton: " << status.message() << "\n";
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return 2;
    default:
      return 1;
  }
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Trains neural networks split over devices as a pipeline: the schedule is a program; compile it, prove "
      "it, predict it, run it, explain it.");
  app.name("baton");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  CommandAction action;
  AddTrainCommand(app, action);
  AddCompileCommand(app, action);
  AddSimulateCommand(app, action);
  AddCompareCommand(app, action);
  AddRehearseCommand(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return ExitStatus(action());
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::Main(argc, argv); }
