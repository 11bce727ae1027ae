// The command line: baton COMMAND …. Exit status 0: done; 1: something failed while running; 2: invalid input, nothing
// was started; 75: training was stopped and can be resumed; 76: another process of the run failed first.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "runtime/process/child_end.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

constexpr char kExamples[] = R"(Examples:
  baton train examples/gpt_host.textproto --output runs/gpt
  baton compare examples/gpt_host.textproto
  baton compare --stages=8 --micro-batches=24 --forward=18.5ms --backward-input=18.1ms --backward-weight=9.3ms
  baton simulate examples/four_devices.textproto --set pipeline.schedule=gpipe
  baton profile examples/gpt_host.textproto -o costs.csv
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv
  baton verify order.csv --queues=per-device
  baton rehearse --stages=64 --micro-batches=128 --forward=5ms --backward-input=5ms --backward-weight=5ms
  baton explain --trace runs/gpt/trace.json
  baton whatif examples/gpt_host.textproto "link 2x faster" micro_batches=16 --gradient
  baton schedules zb-v
  baton checkpoint runs/gpt
  baton generate runs/gpt --prompt "The pipeline"
  baton evaluate runs/gpt
  baton model examples/gpt_host.textproto

`baton COMMAND --help`, or `baton help COMMAND`, describes a command; where a file is read, - is standard input.
Exit status: 0 done, 1 failed while running or unsound, 2 invalid input, 75 training was stopped and can be resumed,
76 another process of the run failed first.)";

// The payload of an error that ExitWith makes.
constexpr char kExitStatus[] = "baton/exit_status";

int ExitStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return kExitInvalidInput;
    case absl::StatusCode::kAborted:
      return kExitStopped;  // EX_TEMPFAIL: a checkpoint is saved, from which training can go on
    case absl::StatusCode::kCancelled:
      return kExitPeerFailed;
    default:
      return 1;
  }
}

int ExitStatus(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cout << std::flush;
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kExitStatus); payload.has_value()) {
    int exit_status = 1;
    (void)absl::SimpleAtoi(std::string(*payload), &exit_status);
    return exit_status;
  }
  std::cerr << "baton: " << PrintableLines(status.message()) << "\n";
  return ExitStatusOf(status.code());
}

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments = WithHelpFirst({argv + 1, argv + argc});
  CLI::App app(
      "Trains neural networks split over devices as a pipeline.\n"
      "The schedule is a program: compile it, prove it, predict it, run it, explain it.");
  app.name("baton");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.set_version_flag("--version", absl::StrCat("baton ", kVersion));
  CommandAction action;
  AddTrainCommand(app, action);
  AddLaunchCommand(app, action);
  AddCheckClusterCommand(app, action);
  AddCompileCommand(app, action);
  AddSimulateCommand(app, action);
  AddCompareCommand(app, action);
  AddFrontierCommand(app, action);
  AddProfileCommand(app, action);
  AddRehearseCommand(app, action);
  AddExplainCommand(app, action);
  AddWhatIfCommand(app, action);
  AddSchedulesCommand(app, action);
  AddVerifyCommand(app, action);
  AddCheckpointCommand(app, action);
  AddGenerateCommand(app, action);
  AddEvaluateCommand(app, action);
  AddModelCommand(app, action);
  AddCompletionCommand(app, action);
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  if (const absl::Status status = CheckArguments(arguments, commands); !status.ok()) return ExitStatus(status);
  try {
    // CLI11 takes the last argument first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return ExitStatus(absl::InvalidArgumentError(SayParseError(error.what(), arguments, app)));
  }
  absl::Status status = action();
  // A write to a full disk fails here at the latest.
  if (status.ok() && !std::cout.flush()) status = absl::DataLossError("cannot write to standard output");
  return ExitStatus(status);
}

}  // namespace

absl::Status ExitSilently(const absl::Status& status) {
  return status.ok() ? status : ExitWith(ExitStatusOf(status.code()));
}

absl::Status ExitWith(int exit_status) {
  absl::Status status = absl::UnknownError("");
  status.SetPayload(kExitStatus, absl::Cord(absl::StrCat(exit_status)));
  return status;
}

}  // namespace baton

int main(int argc, char** argv) { return baton::Main(argc, argv); }
