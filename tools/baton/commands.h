// The subcommands of baton, one file each. Each declares its options on `app`; if it is the one that was typed, parsing
// sets `action`.
#ifndef BATON_TOOLS_BATON_COMMANDS_H_
#define BATON_TOOLS_BATON_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>

#include "absl/status/status.h"
#include "base/version.h"

namespace baton {

// Run by main() after parsing.
using CommandAction = std::function<absl::Status()>;

void AddTrainCommand(CLI::App& app, CommandAction& action);
void AddCompileCommand(CLI::App& app, CommandAction& action);
void AddSimulateCommand(CLI::App& app, CommandAction& action);
void AddCompareCommand(CLI::App& app, CommandAction& action);
void AddFrontierCommand(CLI::App& app, CommandAction& action);
void AddProfileCommand(CLI::App& app, CommandAction& action);
void AddRehearseCommand(CLI::App& app, CommandAction& action);
void AddExplainCommand(CLI::App& app, CommandAction& action);
void AddWhatIfCommand(CLI::App& app, CommandAction& action);
void AddSchedulesCommand(CLI::App& app, CommandAction& action);
void AddVerifyCommand(CLI::App& app, CommandAction& action);
void AddCheckpointCommand(CLI::App& app, CommandAction& action);
void AddGenerateCommand(CLI::App& app, CommandAction& action);
void AddEvaluateCommand(CLI::App& app, CommandAction& action);
void AddModelCommand(CLI::App& app, CommandAction& action);
void AddCompletionCommand(CLI::App& app, CommandAction& action);
void AddLaunchCommand(CLI::App& app, CommandAction& action);
void AddCheckClusterCommand(CLI::App& app, CommandAction& action);

// An error that main() turns into this exit status, from 1 to 255, without a message: it has been reported already.
absl::Status ExitWith(int exit_status);
// The same with the exit status that `status` has, OK or not, without its message.
absl::Status ExitSilently(const absl::Status& status);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_COMMANDS_H_
